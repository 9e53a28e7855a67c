import { readFileSync } from 'node:fs'
import { oneOf } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { type PrecisionName, precisionNames } from '../base/precision.js'
import { nearestName } from '../base/spelling.js'
import { hasBfloat16Gpu } from '../native/gpus.js'

/** What a precision comes to on a device. */
export interface ChosenPrecision {
  precision: PrecisionName
  /** The end of the line that says where a model computes; empty for float32 on a processor. */
  says: string
  warnings: readonly string[]
}

/**
 * @param asked whether somebody asked for it; else a device that has nothing like it computes in float32
 * @param fast whether the device multiplies bfloat16 numbers itself (a GPU that does has TF32 too); undefined where nothing tells
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function choosePrecision(
  precision: PrecisionName,
  device: string,
  asked = true,
  fast?: boolean,
): ChosenPrecision {
  if (!precisionNames.includes(precision)) throw unknown(precision)
  const cuda = device.startsWith('cuda')
  if (precision === 'tf32' && !cuda) {
    if (asked) throw onlyCuda(device)
    return { precision: 'float32', says: ', float32 (tf32 is for CUDA)', warnings: [] }
  }
  if (precision !== 'float32')
    return { precision, says: `, ${precision}`, warnings: fast === false ? [slow(precision, cuda)] : [] }
  return { precision, says: cuda && fast ? "; precision: 'bfloat16' may be faster on this GPU" : '', warnings: [] }
}

/** Whether a device multiplies bfloat16 numbers itself; undefined where nothing tells. */
export async function isFastInBfloat16(device: string): Promise<boolean | undefined> {
  return device.startsWith('cuda') ? await hasBfloat16Gpu() : hasFastBfloat16()
}

/**
 * Whether the processor multiplies bfloat16 numbers itself; undefined where the system does not tell.
 * @param file the kernel's list of processors
 */
export function hasFastBfloat16(file = '/proc/cpuinfo'): boolean | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/)
  return flags?.some((flag) => ['amx_bf16', 'avx512_bf16', 'bf16'].includes(flag))
}

function slow(precision: PrecisionName, cuda: boolean): string {
  if (!cuda)
    return 'bfloat16 will be slower than float32 here: this processor has neither AMX nor AVX512-BF16. Leave precision out for float32.'
  const lacks =
    'GPUs have units for it from compute capability 8.0 on, and this one is older. Leave precision out for float32.'
  return precision === 'tf32' ? `tf32 changes nothing here: ${lacks}` : `bfloat16 will be slow here: ${lacks}`
}

function unknown(precision: unknown): SemplesError {
  const nearest = nearestName(String(precision), precisionNames)
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: 'There is no such precision.',
    field: 'precision',
    value: precision,
    expected: oneOf(precisionNames),
    ...(nearest === undefined ? {} : { hint: `Did you mean ${nearest}?` }),
  })
}

function onlyCuda(device: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `The precision tf32 is for CUDA, and the device is ${device}.`,
    field: 'precision',
    value: 'tf32',
    expected: 'float32 or bfloat16',
    hint: 'Leave precision out for float32, or take a GPU; what there is says npx semples doctor.',
  })
}

/**
 * What the settings of masks say of it: nothing of float32, as they said before there was a choice. The key is there in any
 * case, so that masks of another precision are found to differ.
 */
export function precisionSetting({ precision }: { precision?: PrecisionName }): {
  precision: PrecisionName | undefined
} {
  return { precision: precision === 'float32' ? undefined : precision }
}
