import { count, oneOf } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import type { PrecisionName } from '../base/precision.js'
import { type CudaFacts, cudaFacts, whyNoCuda } from '../native/cuda.js'
import { callNative } from '../native/errors.js'
import { load } from '../native/load.js'
import { choosePrecision, isFastInBfloat16 } from './precision.js'

/** Where and in what numbers a model computes. */
export interface Placement {
  device: string
  /** Default `float32`. */
  precision?: PrecisionName
}

/** What `device`, `threads` and `precision` of a configuration came to. */
export interface Compute extends Placement {
  precision: PrecisionName
  threads: number
  torch: string
  /** One line for people. */
  description: string
  /** What will make it slower than meant. */
  warnings: readonly string[]
}

/** The part of a configuration that says where and how to compute. */
export interface ComputeSettings {
  device: string
  threads: number | 'auto'
  precision: PrecisionName
}

/**
 * As `chooseCompute`, of a run's configuration and what is given instead of it. A run that was trained in tf32 may be used
 * on a processor, in float32; only what is asked for is refused.
 */
export function computeOf(config: ComputeSettings, given: Partial<ComputeSettings> = {}): Promise<Compute> {
  const { device = config.device, threads = config.threads, precision } = given
  return chooseCompute(device, threads, precision ?? config.precision, { asked: precision !== undefined })
}

/**
 * Chooses device, threads and precision. A requested device is obtained or is an error; only `auto` takes what is there, and says
 * so, with the reason where that is the processor.
 * @param asked whether somebody asked for this precision: then what a device lacks is an error, else it is float32
 * @throws SemplesError `SEMPLES_DEVICE_UNAVAILABLE` with the reason, `SEMPLES_CONFIG_INVALID` for a precision; what loading the addon throws
 */
export async function chooseCompute(
  device: string,
  threads: number | 'auto',
  precision: PrecisionName = 'float32',
  { asked = true }: { asked?: boolean } = {},
): Promise<Compute> {
  const loaded = load()
  const { addon } = loaded
  const info = callNative(() => addon.runtimeInfo())
  const chosen = chooseDevice(device, device === 'cpu' ? undefined : cudaFacts(loaded))
  const numbers = choosePrecision(precision, chosen.device, asked, await isFastInBfloat16(chosen.device))
  const used = await callNative(() => addon.setThreads(threads === 'auto' ? info.threads : threads))
  return {
    device: chosen.device,
    precision: numbers.precision,
    threads: used,
    torch: info.torch,
    description: `device ${chosen.device}${chosen.why}, ${count(used, 'thread')}, LibTorch ${info.torch}${numbers.says}`,
    warnings: numbers.warnings,
  }
}

/**
 * The device that is meant, and for `auto` a few words in brackets that say why.
 * @param facts needed unless the device is `cpu`
 * @param auto whether a refusal may recommend `auto`
 * @throws SemplesError `SEMPLES_DEVICE_UNAVAILABLE`
 */
export function chooseDevice(
  device: string,
  facts: CudaFacts | undefined,
  { auto = true }: { auto?: boolean } = {},
): { device: string; why: string } {
  if (facts === undefined || device === 'cpu') return { device, why: '' }
  const reason = whyNoCuda(facts)
  if (device === 'auto')
    return reason === undefined ? { device: 'cuda', why: ' (auto)' } : { device: 'cpu', why: ` (auto: ${reason})` }
  // Any other name is for the addon to refuse.
  const index = /^cuda(?::(\d+))?$/.exec(device)
  if (index !== null && Number(index[1] ?? 0) >= facts.devices) throw unavailable(device, facts, reason, auto)
  return { device, why: '' }
}

function unavailable(
  device: string,
  { devices, libtorch }: CudaFacts,
  reason: string | undefined,
  auto: boolean,
): SemplesError {
  const cuda = devices > 1 ? [`cuda:0 to cuda:${devices - 1}`] : devices === 1 ? ['cuda'] : []
  return new SemplesError('SEMPLES_DEVICE_UNAVAILABLE', {
    message: `The device ${device} is not available: ${reason ?? `LibTorch sees ${count(devices, 'CUDA device')}`}.`,
    field: 'device',
    value: device,
    expected: oneOf(['cpu', ...(auto ? ['auto'] : []), ...cuda]),
    hint:
      libtorch.kind === 'cpu'
        ? 'For an NVIDIA GPU, type: npx semples libtorch install --cuda'
        : 'For the whole picture, type: npx semples doctor',
  })
}
