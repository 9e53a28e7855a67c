import { copyFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compiledKernels } from '../release/kernels.mjs'
import { ask, root, run, StepError, say } from './process.mjs'
import { ensureSysroot } from './sysroot.mjs'

/** Compute capabilities that the published library has machine code for; the last one also as PTX. */
export const publishedArchitectures = ['75', '80', '86', '89', '90', '100', '120']

export const kernelLibrary = 'semples_cuda.so'

/** The compiler of NVIDIA's toolkit, as lib/doctor looks for one; undefined where there is none. */
export function findNvcc(environment = process.env) {
  const folders = [environment.CUDA_HOME, environment.CUDA_PATH].filter(Boolean)
  const named = [environment.CUDACXX, ...folders.map((folder) => join(folder, 'bin', 'nvcc'))].filter(Boolean)
  return [...named, 'nvcc', '/usr/local/cuda/bin/nvcc'].find((file) => ask(file, ['--version']) !== undefined)
}

/** 13 of `Cuda compilation tools, release 13.0, V13.0.88`. */
export function cudaMajor(nvcc) {
  const major = /\brelease (\d+)\./.exec(ask(nvcc, ['--version']) ?? '')?.[1]
  if (major === undefined) throw new StepError(`${nvcc} does not say of which CUDA it is.`)
  return Number(major)
}

/** `75,90` as a list. */
export function readArchitectures(text) {
  const names = text.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !/^[1-9]\d{1,2}$/.test(name))
  if (wrong === undefined) return [...new Set(names)].sort((a, b) => a - b)
  throw new StepError(
    `--architectures takes compute capabilities without their dot, e.g. 75,90; "${wrong}" is none. Without it: ${publishedArchitectures.join(',')}.`,
  )
}

/**
 * Compiles the kernels for GPUs, in a folder of build/ for each system and list of architectures; CMake leaves what is
 * done. Needs NVIDIA's toolkit, and neither a GPU nor LibTorch.
 * @param sysroot `debian11`, or undefined for this system's C library
 * @returns the library, and the major version of CUDA that it is for
 */
export async function buildCuda({ architectures = publishedArchitectures, sysroot } = {}) {
  const nvcc = findNvcc()
  if (nvcc === undefined) {
    throw new StepError(
      "The kernels for GPUs are compiled by nvcc of NVIDIA's CUDA toolkit 13, which is not on the PATH, nor in CUDA_HOME or /usr/local/cuda: https://developer.nvidia.com/cuda-downloads. Nothing else of semples needs it.",
    )
  }
  const { findBuildTools } = await import(join(root, 'dist/native/build/tools.js'))
  const { cmake, ninja } = await findBuildTools(join(root, '.venv'), say)
  const cuda = cudaMajor(nvcc)
  const system = sysroot ? ensureSysroot(sysroot, 'x64') : undefined
  const folder = join('build', [`cuda${cuda}`, system?.name, ...architectures].filter(Boolean).join('-'))
  const variables = {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_MAKE_PROGRAM: ninja,
    CMAKE_CUDA_COMPILER: nvcc,
    SEMPLES_CUDA_ARCHITECTURES: architectures.join(';'),
    ...system?.variables,
  }
  const definitions = Object.entries(variables).map(([name, value]) => `-D${name}=${value}`)
  const otherwise = 'The kernels for GPUs did not compile; see above.'
  say(`Compiling the kernels for GPUs of compute capability ${architectures.join(', ')} in ${folder}`)
  run(cmake, ['-S', 'native/ops', '-B', folder, '-G', 'Ninja', ...definitions], { otherwise, quiet: true })
  run(cmake, ['--build', folder, '--parallel', '2'], { otherwise })
  return { file: join(root, folder, kernelLibrary), cuda }
}

/**
 * Puts the library, stripped, into a folder `cuda13` beside addons, with cuda.json: what is inside, read from the file.
 * @returns `{ file, record }`
 */
export function publishCuda({ file, cuda }, beside) {
  const folder = join(beside, `cuda${cuda}`)
  mkdirSync(folder, { recursive: true })
  const target = join(folder, kernelLibrary)
  copyFileSync(file, `${target}.new`)
  run('strip', ['--strip-all', `${target}.new`])
  const record = { cuda, ...compiledKernels(`${target}.new`) }
  // A process that runs has mapped the old one.
  renameSync(`${target}.new`, target)
  writeFileSync(join(folder, 'cuda.json.new'), `${JSON.stringify(record)}\n`)
  renameSync(join(folder, 'cuda.json.new'), join(folder, 'cuda.json'))
  return { file: target, record }
}
