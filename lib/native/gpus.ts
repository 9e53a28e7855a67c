import { join } from 'node:path'
import { type Machine, type ProgramOutput, thisMachine } from './machine.js'

/** Where WSL keeps the driver of Windows. */
export const wslFolder = '/usr/lib/wsl/lib'

/** An NVIDIA GPU as nvidia-smi lists it, whatever CUDA_VISIBLE_DEVICES hides. */
export interface Gpu {
  name: string
  memoryBytes?: number
  /** E.g. `9.0`. */
  computeCapability?: string
}

export interface GpuFacts {
  gpus: Gpu[]
  /** Release of the driver, e.g. `580.65.06`. */
  release?: string
  /** What nvidia-smi said instead; absent where there is no nvidia-smi either. */
  smiProblem?: string
}

const query = ['--query-gpu=name,memory.total,compute_cap,driver_version', '--format=csv,noheader']

/** Asks nvidia-smi, where there is one. */
export async function askGpus({ root, run }: Pick<Machine, 'root' | 'run'>): Promise<GpuFacts> {
  let output = await run('nvidia-smi', query)
  if (output.absent) output = await run(join(root, wslFolder, 'nvidia-smi'), query)
  return output.absent ? { gpus: [] } : readGpus(output)
}

/** `NVIDIA H100 80GB HBM3, 81559 MiB, 9.0, 580.65.06`, a line a GPU. */
export function readGpus({ status, text }: ProgramOutput): GpuFacts {
  if (status !== 0) return { gpus: [], smiProblem: firstLine(text) || `it ended with status ${status}` }
  const rows = text
    .split('\n')
    .map((line) => line.split(',').map((cell) => cell.trim()))
    .filter((cells) => cells.length >= 4)
  if (rows.length === 0) return { gpus: [], smiProblem: firstLine(text) || 'it lists no GPU' }
  const gpus = rows.map((cells): Gpu => {
    const [memory, capability] = cells.slice(-3)
    const mebibytes = /^(\d+) MiB$/.exec(memory!)?.[1]
    return {
      // A name may have commas; what does not apply is [N/A].
      name: cells.slice(0, -3).join(', '),
      ...(mebibytes === undefined ? {} : { memoryBytes: Number(mebibytes) * 2 ** 20 }),
      ...(/^\d+\.\d+$/.test(capability!) ? { computeCapability: capability } : {}),
    }
  })
  const release = rows[0]!.at(-1)!
  return { gpus, ...(/^\d+\.\d+/.test(release) ? { release } : {}) }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!.slice(0, 200)
}

/**
 * Whether the GPUs multiply bfloat16 numbers themselves, as those of compute capability 8.0 and newer do; undefined where
 * nvidia-smi does not tell, or lists both kinds: its order need not be CUDA's.
 */
export function multipliesBfloat16(gpus: readonly Gpu[]): boolean | undefined {
  const answers = new Set(gpus.map(({ computeCapability: number }) => number && Number(number) >= 8))
  const [only] = answers
  return answers.size === 1 && typeof only === 'boolean' ? only : undefined
}

let answer: Promise<boolean | undefined> | undefined

/** The same of this machine, asked once a process. */
export function hasBfloat16Gpu(): Promise<boolean | undefined> {
  answer ??= askGpus(thisMachine()).then(({ gpus }) => multipliesBfloat16(gpus))
  return answer
}
