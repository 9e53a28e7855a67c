import type { TensorData } from '../../lib/base/tensor.js'
import { float32Ulp, toNumbers } from './numbers.js'

/** What can be compared: a tensor, an array of numbers, or one number. */
export type Numeric = TensorData | ArrayLike<number> | number

export interface Closeness {
  /** Names the value in a failure. */
  name?: string
  /** Allowed error as a fraction of the largest magnitude in `expected`. Default 1e-5. */
  relMax?: number
  /** Allowed absolute error, added to the relative one. Default 0. */
  abs?: number
  /**
   * What `relMax` is a fraction of, where the largest magnitude in `expected` says nothing about rounding: what is left
   * of a sum that nearly cancels is compared on the scale of its summands.
   */
  scale?: number
}

/**
 * Every element of `actual` is within `abs + relMax * max|expected|` (or `* scale`) of `expected`; the shapes agree where both have one;
 * NaN only where NaN is expected. The failure says how large the worst error is and where.
 */
export function expectClose(actual: Numeric, expected: Numeric, options: Closeness = {}): void {
  const { name = 'value', relMax = 1e-5, abs = 0 } = options
  const got = flatten(actual)
  const wanted = flatten(expected)
  checkShapes(actual, expected, got, wanted, name)
  const scale = options.scale ?? largestMagnitude(wanted)
  const allowed = abs + relMax * scale
  const worst = worstElement(got, wanted, () => allowed)
  if (worst === undefined) return
  const against = options.scale === undefined ? 'max|expected|' : 'scale'
  fail(name, worst, got, wanted, expected, `allowed ${allowed}, ${against} ${scale}`)
}

/** The largest magnitude among the finite elements; 0 where there is none. */
export function largestMagnitude(value: Numeric): number {
  let largest = 0
  for (const element of flatten(value)) if (Number.isFinite(element)) largest = Math.max(largest, Math.abs(element))
  return largest
}

export interface OptimizerStep {
  name?: string
  /** Gradient of the first step: tells which elements have one that is not mere rounding. */
  gradient: Numeric
  /** The largest learning rate among the steps. */
  lr: number
  /** Optimiser steps taken. */
  steps: number
}

/**
 * Compares parameters after a few Adam steps. Such a step is nearly lr * sign(gradient), so an element whose gradient is
 * almost zero may move either way from rounding alone. Where |gradient| > 1e-3 of its maximum the error may be
 * 0.05 * lr + 1 float32 ulp of the value; elsewhere 2 * lr * steps (+ 1 ulp).
 */
export function expectOptimizedParameters(actual: Numeric, expected: Numeric, step: OptimizerStep): void {
  const { name = 'parameter', lr, steps } = step
  const got = flatten(actual)
  const wanted = flatten(expected)
  const gradient = flatten(step.gradient)
  checkShapes(actual, expected, got, wanted, name)
  if (gradient.length !== wanted.length) {
    throw failure(`${name}: the gradient has ${gradient.length} elements, the parameter ${wanted.length}`)
  }
  const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const allowed = (index: number) => {
    const sure = Math.abs(gradient[index]) > 1e-3 * largest
    return (sure ? 0.05 * lr : 2 * lr * steps) + float32Ulp(wanted[index])
  }
  const worst = worstElement(got, wanted, allowed)
  if (worst !== undefined) {
    const facts = `allowed ${allowed(worst)}, gradient ${gradient[worst]} of at most ${largest}, lr ${lr}, ${steps} steps`
    fail(name, worst, got, wanted, expected, facts)
  }
}

function flatten(value: Numeric): Float64Array {
  if (typeof value === 'number') return Float64Array.of(value)
  return 'dtype' in value ? toNumbers(value) : Float64Array.from(value)
}

/** Index of the element with the largest error in units of what is allowed, if that is more than one. */
function worstElement(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  allowed: (index: number) => number,
): number | undefined {
  let worst: number | undefined
  let worstRatio = 1
  for (let index = 0; index < wanted.length; index++) {
    if (Object.is(got[index], wanted[index]) || got[index] === wanted[index]) continue
    const ratio = Math.abs(got[index] - wanted[index]) / allowed(index)
    if (ratio > worstRatio || Number.isNaN(ratio)) {
      worst = index
      worstRatio = Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio
    }
  }
  return worst
}

function checkShapes(
  actual: Numeric,
  expected: Numeric,
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  name: string,
): void {
  const shapes = [actual, expected].map((value) =>
    typeof value === 'object' && 'dtype' in value ? value.shape.join('x') : undefined,
  )
  if (shapes[0] !== undefined && shapes[1] !== undefined && shapes[0] !== shapes[1]) {
    throw failure(`${name}: shape ${shapes[0]}, expected ${shapes[1]}`)
  }
  if (got.length !== wanted.length) throw failure(`${name}: ${got.length} elements, expected ${wanted.length}`)
}

function fail(
  name: string,
  index: number,
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  expected: Numeric,
  facts: string,
): never {
  const where = typeof expected === 'object' && 'dtype' in expected ? position(index, expected.shape) : `${index}`
  const error = Math.abs(got[index] - wanted[index])
  throw failure(`${name}: error ${error} at [${where}]: ${got[index]}, expected ${wanted[index]} (${facts})`)
}

function position(index: number, shape: readonly number[]): string {
  let rest = index
  const place = [...shape].reverse().map((size) => {
    const at = rest % size
    rest = Math.floor(rest / size)
    return at
  })
  return place.reverse().join(', ')
}

/** An error whose stack starts at the test, not in this file. */
function failure(message: string): Error {
  const error = new Error(message)
  error.stack = error.stack
    ?.split('\n')
    .filter((line) => !line.includes('/support/close.'))
    .join('\n')
  return error
}
