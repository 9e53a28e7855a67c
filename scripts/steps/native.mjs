import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { root, run, say } from './process.mjs'
import { fingerprint, once } from './stamp.mjs'
import { buildTools, checkCompiler } from './tools.mjs'

const build = join(root, 'build')
const addons = ['semples.node', 'semples_loader.node'].map((name) => join(build, 'Release', name))

/** A source of the addon includes ATen and needs about this much memory to compile. */
const memoryOfOneJob = 1.5e9

/** Builds the addon into build/Release with CMake where something has changed. */
export async function buildNative() {
  const libtorch = await ensureLibTorch()
  const stamp = `${fingerprint(['native', 'CMakeLists.txt', 'package-lock.json'])} ${libtorch.folder} ${libtorch.version}`
  if (addons.some((file) => !existsSync(file))) rmSync(join(build, '.stamp'), { force: true })
  await once('build/.stamp', stamp, () => compile(libtorch))
}

/**
 * The LibTorch to build against: one that is named by SEMPLES_LIBTORCH, else a CPU build, fetched where there is none.
 * The CMake package of a CUDA build wants a CUDA toolkit; the addon built for the CPU runs on both.
 */
async function ensureLibTorch() {
  const { findLibTorch, searchLibTorch } = await import(join(root, 'dist/libtorch/find.js'))
  const { installLibTorch } = await import(join(root, 'dist/libtorch/install.js'))
  const { fetchLines } = await import(join(root, 'dist/cli/progress/fetchLines.js'))
  // A path that was named is mended by its owner; what is fetched would not be used.
  if (process.env.SEMPLES_LIBTORCH) return findLibTorch()
  const { found } = searchLibTorch()
  if (found?.kind === 'cpu' && existsSync(join(found.folder, 'share/cmake/Torch'))) return found
  say('Making sure of a CPU build of LibTorch to build against')
  const { directory } = await installLibTorch({ kind: 'cpu', onProgress: fetchLines(say) })
  return findLibTorch({ libtorch: directory })
}

function compile(libtorch) {
  checkCompiler()
  const { cmake, ninja } = buildTools()
  const prefix = join(libtorch.folder, 'share', 'cmake')
  if (!configuredFor(prefix)) {
    rmSync(join(build, 'CMakeCache.txt'), { force: true })
    rmSync(join(build, 'CMakeFiles'), { recursive: true, force: true })
  }
  const jobs = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / memoryOfOneJob)))
  say(`Building the addon for LibTorch ${libtorch.version} (${jobs} jobs)`)
  const parameters = [
    'node_modules/cmake-js/bin/cmake-js',
    'compile',
    '--generator=Ninja',
    '--config=Release',
    `--cmake-path=${cmake}`,
    `--parallel=${jobs}`,
    `--CDCMAKE_PREFIX_PATH=${prefix}`,
    `--CDCMAKE_MAKE_PROGRAM=${ninja}`,
  ]
  // CMake asks for node and ninja by name.
  const path = [dirname(process.execPath), dirname(ninja), process.env.PATH].join(delimiter)
  run(process.execPath, parameters, { env: { PATH: path }, otherwise: 'The addon did not build; see above.' })
  writeFileSync(join(build, 'Release', 'semples.json'), `${JSON.stringify({ torch: libtorch.version })}\n`)
}

function configuredFor(prefix) {
  const cache = join(build, 'CMakeCache.txt')
  if (!existsSync(cache)) return true
  const text = readFileSync(cache, 'utf8')
  return (
    text.includes(`CMAKE_PREFIX_PATH:UNINITIALIZED=${prefix}\n`) ||
    text.includes(`CMAKE_PREFIX_PATH:STRING=${prefix}\n`)
  )
}
