import type { z } from 'zod'
import { oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { nearestField } from '../../base/spelling.js'
import type { NativeGeneratorConfig } from '../../native/addon.js'
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
  const kinds: readonly GeneratorKind[] = generatorKinds
  const kind = name === undefined ? kinds[0] : kinds.find((each) => each.kind === name)
  if (kind !== undefined) return kind
  const names = kinds.map((each) => each.kind)
  const nearest = nearestField(String(name), names)
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `There is no such kind of mask generator${where}.`,
    field: 'generator.kind',
    value: name,
    expected: oneOf(names),
    hint: nearest === undefined ? undefined : `Did you mean ${nearest}?`,
  })
}

/** What the addon makes a generator of. */
export function nativeGenerator(
  { weights: _, ...options }: GeneratorOptions,
  made: { classes: number; seed?: number; device: string },
): NativeGeneratorConfig {
  const { native = (all: object) => all } = kindOfGenerator(options.kind)
  return { ...native(options), ...made } as NativeGeneratorConfig
}
