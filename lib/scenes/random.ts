import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/**
 * A seeded random number generator for one picture: the same parts always give the same numbers, other parts unrelated
 * ones, so picture 7 can be drawn without drawing pictures 0 to 6. Its numbers decide the drawn pictures, and with them
 * the weights in models/: it must not change.
 */
export class SceneRandom {
  private readonly generator: RandomGenerator

  /** @param parts anything that names the picture: a stream, a seed (any safe integer), an index */
  constructor(...parts: readonly (string | number)[]) {
    this.generator = xoroshiro128plus(hash(parts.join('/')))
  }

  /** Uniform in [0, 1). */
  next(): number {
    return (this.generator.next() >>> 0) / 2 ** 32
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next()
  }

  /** An integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)] as T
  }

  /** `count` different elements, in random order. */
  sample<T>(list: readonly T[], count: number): T[] {
    const left = [...list]
    return Array.from({ length: Math.min(count, left.length) }, () => {
      return left.splice(this.integer(0, left.length - 1), 1)[0] as T
    })
  }
}

/** FNV-1a over UTF-16 units, with a final mix so that neighbouring seeds differ in all bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return value ^ (value >>> 16)
}
