import { z } from 'zod'
import { special } from './fields.js'

/** `auto` takes a CUDA device where there is one; any other device is obtained or is an error. */
export type DeviceName = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`

/** A device that is named: nothing is chosen. */
export type NamedDevice = Exclude<DeviceName, 'auto'>

export const NAMED_DEVICES = 'cpu, cuda or cuda:<number>'

export function isNamedDevice(device: string): device is NamedDevice {
  return /^(cpu|cuda(:\d+)?)$/.test(device)
}

/** Where to compute. */
export const deviceField = special(
  z.string().regex(/^(auto|cpu|cuda(:\d+)?)$/) as unknown as z.ZodType<DeviceName>,
  'Where to compute; auto: CUDA where there is any.',
  'auto, cpu, cuda or cuda:<number>',
  { form: 'text' },
)
