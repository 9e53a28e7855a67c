import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The folders of prebuilds/ that a release holds, and the machine that the header of an ELF file in it names. The jobs of
 * .github/workflows/release.yml make them, one each.
 */
export const platforms = [
  { name: 'linux-x64', machine: 'X86-64' },
  { name: 'linux-arm64', machine: 'AArch64' },
  { name: 'darwin-arm64' },
  { name: 'win32-x64' },
]

const loader = 'semples_loader.node'

/** The compiled files of a folder of prebuilds/: `[{ platform, machine, file }]`, sorted by path. */
export function prebuiltFiles(folder) {
  return platforms.flatMap(({ name, machine }) =>
    namesIn(join(folder, name)).map((file) => ({ platform: name, machine, file: join(folder, name, file) })),
  )
}

/** Minor versions of LibTorch that a platform has an addon and its loader for, e.g. `['2.13']`. */
export function versionsOf(folder, platform) {
  const names = namesIn(join(folder, platform))
  if (!names.includes(loader)) return []
  return names.flatMap((name) => /^torch(\d+\.\d+)\./.exec(name)?.[1] ?? [])
}

/**
 * What the platforms lack of addons for these minor versions of LibTorch: `[{ platform, versions }]`, without the
 * platforms that lack nothing.
 * @param {readonly string[]} versions
 */
export function missingAddons(folder, versions) {
  return platforms
    .map(({ name }) => {
      const present = versionsOf(folder, name)
      return { platform: name, versions: versions.filter((version) => !present.includes(version)) }
    })
    .filter((missing) => missing.versions.length > 0)
}

function namesIn(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.node'))
    .sort()
}
