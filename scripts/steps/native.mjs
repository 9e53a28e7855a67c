import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { arch } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { crossVariables, stripProgram } from './cross.mjs'
import { root, run, say } from './process.mjs'
import { fingerprint, once } from './stamp.mjs'
import { ensureSysroot } from './sysroot.mjs'

export const addons = ['semples.node', 'semples_loader.node']

/**
 * Builds the addon where something has changed, in a folder of build/ for each LibTorch version and system, and puts it
 * into build/Release.
 * @param architecture `x64` or `arm64`
 * @returns the folder with the addon, the minor version of LibTorch that it is for, and the program that strips it
 */
export async function buildNative({ sysroot = process.env.SEMPLES_SYSROOT, architecture = arch() } = {}) {
  const { minorVersion } = await import(join(root, 'dist/libtorch/version.js'))
  const libtorch = await ensureLibTorch()
  const inputs = fingerprint(['native', 'CMakeLists.txt', 'scripts/cmake', 'package-lock.json'])
  const made = `${inputs} ${libtorch.folder} ${libtorch.version} `
  const present = publishedBuild()
  // One against an older system serves this one too.
  if (!sysroot && isMadeOf(present, made, architecture)) {
    const folder = join(root, present.folder, 'Release')
    return { folder, version: minorVersion(libtorch.version), strip: stripProgram(architecture) }
  }
  const system = sysroot ? ensureSysroot(sysroot, architecture) : undefined
  const name = [`torch${minorVersion(libtorch.version)}`, system?.name, architecture].filter(Boolean).join('-')
  const folder = join('build', name)
  if (addons.some((file) => !existsSync(join(root, folder, 'Release', file))))
    rmSync(join(root, folder, '.stamp'), { force: true })
  const stamp = `${made}${system?.folder}`
  const cross = crossVariables(architecture, join(root, folder, 'libraries'), system)
  await once(join(folder, '.stamp'), stamp, () => compile(libtorch, folder, { ...system?.variables, ...cross }))
  publishBuild({ folder, torch: libtorch.version })
  return {
    folder: join(root, folder, 'Release'),
    version: minorVersion(libtorch.version),
    strip: stripProgram(architecture, system),
  }
}

/**
 * The LibTorch to build against: one that is named by SEMPLES_LIBTORCH, else a CPU build, fetched where there is none.
 * The addon that is built for the CPU runs on a CUDA build too.
 */
async function ensureLibTorch() {
  const { findLibTorch, searchLibTorch } = await import(join(root, 'dist/libtorch/find.js'))
  const { supportedVersions } = await import(join(root, 'dist/libtorch/version.js'))
  const { installLibTorch } = await import(join(root, 'dist/libtorch/install.js'))
  const { fetchLines } = await import(join(root, 'dist/cli/progress/fetchLines.js'))
  // A path that was named is mended by its owner; what is fetched would not be used.
  if (process.env.SEMPLES_LIBTORCH) return findLibTorch({ versions: supportedVersions })
  const { found } = searchLibTorch()
  if (found?.kind === 'cpu' && existsSync(join(found.folder, 'include/torch'))) return found
  say('Making sure of a CPU build of LibTorch to build against')
  const { directory } = await installLibTorch({ kind: 'cpu', onProgress: fetchLines(say) })
  return findLibTorch({ libtorch: directory })
}

async function compile(libtorch, folder, more) {
  const { findBuildTools } = await import(join(root, 'dist/native/build/tools.js'))
  const { compileJobs } = await import(join(root, 'dist/native/build/compile.js'))
  const { cmake, ninja } = await findBuildTools(join(root, '.venv'), say)
  say(`Building the addon for LibTorch ${libtorch.version} in ${folder} (${compileJobs()} jobs)`)
  const variables = { SEMPLES_LIBTORCH: libtorch.folder, CMAKE_MAKE_PROGRAM: ninja, ...more }
  const parameters = [
    'node_modules/cmake-js/bin/cmake-js',
    'compile',
    '--generator=Ninja',
    '--config=Release',
    `--out=${folder}`,
    `--cmake-path=${cmake}`,
    `--parallel=${compileJobs()}`,
    ...Object.entries(variables).map(([name, value]) => `--CD${name}=${value}`),
  ]
  // CMake asks for node and ninja by name.
  const path = [dirname(process.execPath), dirname(ninja), process.env.PATH].join(delimiter)
  run(process.execPath, parameters, { env: { PATH: path }, otherwise: 'The addon did not build; see above.' })
}

const release = join(root, 'build', 'Release')

/** What lies in build/Release: `{ folder, torch }`, or undefined. */
export function publishedBuild() {
  const file = join(release, 'semples.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/** Whether what lies in build/Release was made of these inputs, for this processor. */
function isMadeOf(build, made, architecture) {
  if (!build?.folder?.endsWith(architecture) || addons.some((file) => !existsSync(join(release, file)))) return false
  const stamp = join(root, build.folder, '.stamp')
  return existsSync(stamp) && readFileSync(stamp, 'utf8').startsWith(made)
}

/** Puts a build into build/Release. Each file is replaced at once: a process that runs has mapped the old one. */
export function publishBuild({ folder, torch }) {
  mkdirSync(release, { recursive: true })
  for (const file of addons) {
    copyFileSync(join(root, folder, 'Release', file), join(release, `${file}.new`))
    renameSync(join(release, `${file}.new`), join(release, file))
  }
  copyFileSync(join(root, folder, 'compile_commands.json'), join(root, 'build', 'compile_commands.json'))
  writeFileSync(join(release, 'semples.json'), `${JSON.stringify({ torch, folder })}\n`)
}
