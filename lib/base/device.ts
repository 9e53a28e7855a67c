import { z } from 'zod'
import { special } from './fields.js'

/** `auto` takes a CUDA device where there is one; any other device is obtained or is an error. */
export type DeviceName = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`

/** A device that is named: nothing is chosen. */
export type NamedDevice = Exclude<DeviceName, 'auto'>

export const NAMED_DEVICES = 'cpu, cuda or cuda:<number>'

const named = 'cpu|cuda(:\\d+)?'

export function isNamedDevice(device: string): device is NamedDevice {
  return new RegExp(`^(${named})$`).test(device)
}

/** Where to compute. */
export const deviceField = special(
  z.string().regex(new RegExp(`^(auto|${named})$`)) as unknown as z.ZodType<DeviceName>,
  'Where to compute; auto: CUDA where there is any.',
  `auto, ${NAMED_DEVICES}`,
  { form: 'text' },
)
