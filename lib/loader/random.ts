import { createHash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/**
 * A random number generator whose seed names the place where it is used, not what was drawn before.
 * `new Random(seed, stage, epoch, item)` gives the same numbers whichever picture is made first, so prefetching
 * in any order and resuming at any step give identical batches.
 */
export class Random {
  private readonly generator: RandomGenerator

  /** @param place run seed, stage name, epoch, item index, ...: every other tuple is an independent generator */
  constructor(...place: readonly (string | number)[]) {
    const digest = createHash('sha256').update(JSON.stringify(place)).digest()
    this.generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)))
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformFloat64(this.generator)
  }

  /** Uniform among the integers from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return uniformInt(this.generator, low, high)
  }

  /** True with probability `probability`. */
  chance(probability: number): boolean {
    return uniformFloat64(this.generator) < probability
  }

  /** Normal with the given mean and standard deviation (Box and Muller). */
  normal(mean = 0, deviation = 1): number {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(this.generator)))
    return mean + deviation * radius * Math.cos(2 * Math.PI * uniformFloat64(this.generator))
  }

  /** One of `choices`, each equally likely. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)] as T
  }

  /** The numbers 0..length-1 in random order (Fisher and Yates). */
  permutation(length: number): Int32Array {
    const order = Int32Array.from({ length }, (_, i) => i)
    for (let last = length - 1; last > 0; last--) {
      const other = this.integer(0, last)
      const value = order[last]!
      order[last] = order[other]!
      order[other] = value
    }
    return order
  }

  /** An integer in [0, 2^32), to seed another generator. */
  seed(): number {
    return this.integer(0, 0xffffffff)
  }
}
