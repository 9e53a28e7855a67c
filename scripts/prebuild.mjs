// npm run prebuild: prebuilds/<platform>-<architecture>/torch<version>.<libc>.node for the LibTorch of this package, or
// for each that is named:
//   npm run prebuild -- --torch FOLDER [--torch FOLDER …] [--arch arm64]
// On Linux it is built against Debian 11 (glibc 2.31), or with --here against this machine, as the release does in a
// container with an old system.
import { copyFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { main, root, run, say } from './steps/process.mjs'

await main(async () => {
  const { values } = parseArgs({
    options: {
      torch: { type: 'string', multiple: true },
      arch: { type: 'string', default: arch() },
      here: { type: 'boolean', default: false },
    },
  })
  const { ensurePackages } = await import('./steps/packages.mjs')
  ensurePackages()
  const { compileTypeScript } = await import('./steps/typescript.mjs')
  await compileTypeScript()
  const { publishBuild, publishedBuild } = await import('./steps/native.mjs')
  const before = publishedBuild()
  try {
    for (const folder of values.torch ?? [undefined]) await prebuild(folder, values)
  } finally {
    // prebuildify takes the addon out of build/Release.
    const after = before?.folder === undefined && values.arch === arch() ? publishedBuild() : before
    if (after?.folder !== undefined) publishBuild(after)
  }
})

async function prebuild(torch, { arch: architecture, here }) {
  if (torch !== undefined) process.env.SEMPLES_LIBTORCH = torch
  if (platform() === 'linux' && !here) process.env.SEMPLES_SYSROOT = 'debian11'
  const { buildNative } = await import('./steps/native.mjs')
  const { default: prebuildify } = await import('prebuildify')
  // Built first, so that a failure is a sentence; prebuildify then finds it done.
  const built = await buildNative({ architecture })
  await promisify(prebuildify)({
    cwd: root,
    arch: architecture,
    napi: true,
    targets: [process.versions.node],
    name: `torch${built.version}`,
    tagLibc: platform() === 'linux',
    libc: 'glibc',
    strip: true,
    stripBin: built.strip,
    nodeGyp: join(root, 'scripts', 'node-gyp', 'incremental.mjs'),
    cache: join(root, '.cache', 'prebuildify'),
  })
  const folder = join(root, 'prebuilds', `${platform()}-${architecture}`)
  // prebuildify knows one addon; the loader is the same for every LibTorch.
  const loader = join(folder, 'semples_loader.node')
  copyFileSync(join(built.folder, 'semples_loader.node'), loader)
  run(built.strip, ['--strip-all', loader])
  say(`${join('prebuilds', `${platform()}-${architecture}`)} has an addon for LibTorch ${built.version}`)
}
