import { spawn } from 'node:child_process'
import type { LibTorch } from '../libtorch/candidate.js'
import { minorVersion } from '../libtorch/version.js'
import type { AddonFile } from './addonFile.js'

/** What became of loading LibTorch and the addon in a child process. */
export interface ProbeResult {
  works: boolean
  /** What went wrong, as a sentence. */
  problem?: string
  /** Version that the opened LibTorch states, as `aoti_torch_abi_version` gives it. */
  abi?: bigint
  /** Shared libraries in the child after loading. */
  mapped: string[]
  /** What the addon says of itself: version of LibTorch in full, CUDA devices, threads of one operation. */
  runtime?: { torch: string; cudaDevices: number; threads: number }
  /** The CUDA libraries of LibTorch could not be opened (the words of the dynamic linker); the processor works. */
  cudaProblem?: string
  /** The library of kernels for GPUs could not be opened (the words of the dynamic linker). */
  kernelsProblem?: string
  /** CUDA version that the NVIDIA driver supports (13000 is 13.0); 0 without a driver. */
  driver?: number
  /** What OpenMP and LibTorch warned of while they were loaded. */
  said?: string[]
  /** Seconds that opening LibTorch and requiring the addon took in the child. */
  seconds?: number
}

// Runs by `node -e`, so it needs no file of its own and works from a bundle too.
const childProgram = `
const [loaderFile, addonFile, libraries, cudaLibraries, kernels] = JSON.parse(process.argv[1])
const say = (answer) => process.stdout.write(JSON.stringify(answer))
const start = performance.now()
try {
  const loader = require(loaderFile)
  const { failure, said } = loader.open(libraries)
  if (failure !== undefined) say({ problem: failure.reason, said, mapped: loader.mapped() })
  else {
    const abi = String(loader.abiVersion() ?? '')
    const cudaProblem = cudaLibraries.length > 0 ? loader.open(cudaLibraries).failure?.reason : undefined
    try {
      const addon = require(addonFile)
      const seconds = (performance.now() - start) / 1000
      const runtime = addon.runtimeInfo()
      said.push(...addon.takeWarnings())
      let kernelsProblem
      try {
        if (kernels !== null && cudaProblem === undefined) addon.openCudaKernels(kernels)
      } catch (error) {
        kernelsProblem = String(error.message).split('\\n')[0]
      }
      say({ abi, seconds, said, cudaProblem, kernelsProblem, mapped: loader.mapped(), driver: loader.driverVersion(), runtime })
    } catch (error) {
      say({ abi, problem: String(error.message).split('\\n')[0], mapped: loader.mapped() })
    }
  }
} catch (error) {
  say({ problem: String(error.message).split('\\n')[0], mapped: [] })
}`

const signals: Record<string, string> = {
  SIGILL: 'the processor lacks an instruction that LibTorch or the addon uses',
  SIGSEGV: 'it crashed (segmentation fault)',
  SIGABRT: 'it aborted',
  SIGBUS: 'it crashed (bus error): is the file cut short, or the disk full?',
  SIGKILL: 'it was killed: is there enough memory?',
}

/**
 * Loads LibTorch and the addon in a child process, where a crash becomes a sentence instead of the end of the program.
 * @param kernels library of kernels for GPUs to open too
 * @param timeout milliseconds until the child is given up; default 60000
 */
export async function probeAddon(
  addon: AddonFile,
  libtorch: LibTorch,
  { timeout = 60_000, kernels }: { timeout?: number; kernels?: string } = {},
): Promise<ProbeResult> {
  const task = JSON.stringify([addon.loader, addon.file, libtorch.libraries, libtorch.cudaLibraries, kernels ?? null])
  const child = spawn(process.execPath, ['-e', childProgram, task], {
    env: { ...process.env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
    killSignal: 'SIGTERM',
  })
  let output = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))
  const ending = await new Promise<{ status: number | null; signal: string | null } | Error>((done) => {
    child.once('error', done).once('close', (status, signal) => done({ status, signal }))
  })
  if (ending instanceof Error) return { works: false, problem: `no child process: ${ending.message}.`, mapped: [] }
  const answer = parseAnswer(output)
  const why = ending.signal === 'SIGTERM' ? `it took more than ${timeout / 1000} s` : signals[ending.signal ?? '']
  if (why !== undefined) return { works: false, problem: sentence(why, complaints), mapped: answer?.mapped ?? [] }
  if (answer === undefined || ending.status !== 0) {
    return { works: false, problem: sentence(`the child ended with status ${ending.status}`, complaints), mapped: [] }
  }
  const { problem = mistaken(addon, answer.runtime?.torch), ...facts } = answer
  const abi = answer.abi ? BigInt(answer.abi) : undefined
  return problem === undefined
    ? { works: true, ...facts, abi }
    : { works: false, problem: `Loading failed: ${problem}.`, ...facts, abi }
}

/** An addon that says itself that it is for another LibTorch than was believed; see `load`. */
function mistaken({ builtFor }: AddonFile, torch: string | undefined): string | undefined {
  if (torch === undefined || minorVersion(torch) === builtFor) return undefined
  return `the addon is for LibTorch ${minorVersion(torch)}, and its name or semples.json says ${builtFor}`
}

type Answer = Omit<ProbeResult, 'works' | 'abi'> & { abi?: string }

function parseAnswer(output: string): Answer | undefined {
  try {
    return JSON.parse(output) as Answer
  } catch {
    return undefined
  }
}

function sentence(why: string, complaints: string): string {
  const last = complaints.trim().split('\n').at(-1)?.slice(0, 300)
  return `Loading failed: ${why}${last ? ` (${last})` : ''}.`
}
