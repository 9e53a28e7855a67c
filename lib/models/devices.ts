import { count, oneOf } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { type CudaFacts, cudaFacts, whyNoCuda } from '../native/cuda.js'
import { callNative } from '../native/errors.js'
import { load } from '../native/load.js'

/** What `device` and `threads` of a configuration came to. */
export interface Compute {
  device: string
  threads: number
  torch: string
  /** One line for people. */
  description: string
}

/**
 * Chooses device and threads. A requested device is obtained or is an error; only `auto` takes what is there, and says
 * so, with the reason where that is the processor.
 * @throws SemplesError `SEMPLES_DEVICE_UNAVAILABLE` with the reason; what loading the addon throws
 */
export async function chooseCompute(device: string, threads: number | 'auto'): Promise<Compute> {
  const loaded = load()
  const { addon } = loaded
  const info = callNative(() => addon.runtimeInfo())
  const chosen = chooseDevice(device, device === 'cpu' ? undefined : cudaFacts(loaded))
  const used = await callNative(() => addon.setThreads(threads === 'auto' ? info.threads : threads))
  return {
    device: chosen.device,
    threads: used,
    torch: info.torch,
    description: `device ${chosen.device}${chosen.why}, ${count(used, 'thread')}, LibTorch ${info.torch}`,
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
