import { SemplesError } from '../base/error.js'
import { chooseDevice } from '../models/devices.js'
import { cudaFacts } from '../native/cuda.js'
import { type Loaded, load } from '../native/load.js'

/**
 * Refuses a CUDA device on which nothing could be refined, with the reason.
 * @param loaded what is loaded; tests give one of their own
 * @throws SemplesError `SEMPLES_DEVICE_UNAVAILABLE`; what loading the addon throws
 */
export function requireRefineDevice(device: string, loaded: () => Loaded = load): void {
  // Other names are for the addon to refuse.
  if (!device.startsWith('cuda')) return
  const present = loaded()
  chooseDevice(device, cudaFacts(present), { auto: false })
  if (present.cudaKernelsProblem === undefined) return
  throw new SemplesError('SEMPLES_DEVICE_UNAVAILABLE', {
    message: `There are no kernels to refine with on ${device}: ${present.cudaKernelsProblem}.`,
    field: 'device',
    value: device,
    expected: 'cpu',
    hint: "Leave out device, or give 'cpu'. For the whole picture, type: npx semples doctor",
  })
}
