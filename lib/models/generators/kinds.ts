import type { z } from 'zod'
import { kindNamed } from '../../base/kindNamed.js'
import type { NativeGeneratorConfig } from '../../native/addon.js'
import type { Placement } from '../devices.js'
import { cnn } from './cnn.js'
import type { GeneratorKind } from './kind.js'
import { weaktr } from './weaktr.js'

/** Every kind of mask generator; the first is the default. */
export const generatorKinds = [weaktr, cnn] as const

/** Options of a mask generator with every default filled in. */
export type GeneratorOptions = z.infer<(typeof generatorKinds)[number]['schema']>

/**
 * The kind of that name; without one the default.
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`
 */
export function kindOfGenerator(name: unknown, where = ''): GeneratorKind {
  return kindNamed<GeneratorKind>(generatorKinds, name, { what: 'mask generator', field: 'generator.kind', where })
}

/** What the addon makes a generator of. */
export function nativeGenerator(
  { weights: _, ...options }: GeneratorOptions,
  made: Placement & { classes: number; seed?: number },
): NativeGeneratorConfig {
  const { native = (all: object) => all } = kindOfGenerator(options.kind)
  return { ...native(options), ...made } as NativeGeneratorConfig
}
