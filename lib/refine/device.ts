import { isNamedDevice, NAMED_DEVICES } from '../base/device.js'
import { SemplesError } from '../base/error.js'
import { chooseDevice } from '../models/devices.js'
import { cudaFacts } from '../native/cuda.js'
import { type Loaded, load } from '../native/load.js'

/**
 * Refuses a device on which nothing could be refined, with the reason. Asked once a job, before anything is read or
 * written; for the processor nothing is loaded.
 * @param loaded what is loaded; tests give one of their own
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` for what names no device, `SEMPLES_DEVICE_UNAVAILABLE`; what loading the addon throws
 */
export function requireRefineDevice(device: string, loaded: () => Loaded = load): void {
  if (!isNamedDevice(device)) throw noDevice(device)
  if (device === 'cpu') return
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

function noDevice(device: unknown): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: device === 'auto' ? 'A refinement does not choose its device itself.' : 'There is no such device.',
    field: 'device',
    value: device,
    expected: NAMED_DEVICES,
    hint: 'Leave out device for the processor. What there is says npx semples doctor.',
  })
}
