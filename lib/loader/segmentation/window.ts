import { VOID_ID } from '../../masks/labelMap.js'
import type { Random } from '../random.js'
import type { SampleAugment } from './options.js'

const MAX_TRIES = 10

export interface Size {
  width: number
  height: number
}

/** What of a picture becomes the input: a rectangle of the picture as it would be after resizing. */
export interface Window extends Size {
  /** Sides of the resized picture. */
  resized: Size
  left: number
  top: number
}

/** Draws the sides of the resized picture: the shorter becomes `side` times a ratio, proportions are kept. */
export function drawSize(image: Size, { side, ratio }: SampleAugment, random: Random): Size {
  const factor = (side * random.uniform(...ratio)) / Math.min(image.width, image.height)
  const scaled = (length: number): number => Math.max(1, Math.round(length * factor))
  return { width: scaled(image.width), height: scaled(image.height) }
}

/**
 * Draws a crop of `size` x `size` pixels (less where the resized picture is smaller) out of the resized picture: the first
 * of ten in which the labelled pixels are of several classes, none of which has `mostOfOneClass` of them or more; else the
 * tenth. Nothing is resized for it but the labels of the crops. In steps.
 *
 * @param labels of the picture before resizing
 */
export function* drawWindow(
  image: Size,
  labels: Uint8Array,
  options: SampleAugment,
  random: Random,
): Generator<undefined, Window> {
  const resized = drawSize(image, options, random)
  const width = Math.min(resized.width, options.size)
  const height = Math.min(resized.height, options.size)
  for (let attempt = 1; ; attempt++) {
    const top = random.integer(0, resized.height - height)
    const left = random.integer(0, resized.width - width)
    const window = { resized, left, top, width, height }
    if (attempt === MAX_TRIES || options.mostOfOneClass >= 1) return window
    if (isMixed(countLabels(labels, image, window), options.mostOfOneClass)) return window
    yield
  }
}

/** Pixels of each label in the window. */
function countLabels(labels: Uint8Array, image: Size, window: Window): Uint32Array {
  const counts = new Uint32Array(256)
  const columns = nearestPlaces(image.width, window.resized.width, window.left, window.width)
  const rows = nearestPlaces(image.height, window.resized.height, window.top, window.height)
  for (const row of rows) {
    const line = row * image.width
    for (let i = 0; i < columns.length; i++) counts[labels[line + columns[i]!]!]! += 1
  }
  return counts
}

function isMixed(counts: Uint32Array, most: number): boolean {
  const classes = counts.subarray(0, VOID_ID).filter((pixels) => pixels > 0)
  const labelled = classes.reduce((sum, pixels) => sum + pixels, 0)
  return classes.length > 1 && classes.every((pixels) => pixels < most * labelled)
}

/**
 * For `length` pixels of an axis resized from `from` to `to` pixels, starting at pixel `start`: the source pixel in which
 * the centre of each lies, floor((x + 0.5) * from / to).
 */
export function nearestPlaces(from: number, to: number, start: number, length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => Math.min(from - 1, Math.floor(((start + i + 0.5) * from) / to)))
}

/** Between which two source pixels the centre of each pixel lies, and how far from the first; edges repeat. */
export interface LinearPlaces {
  before: Int32Array
  after: Int32Array
  share: Float64Array
}

/** The same pixels with the two source pixels between whose centres they lie. */
export function linearPlaces(from: number, to: number, start: number, length: number): LinearPlaces {
  const places = Float64Array.from({ length }, (_, i) => Math.max(0, ((start + i + 0.5) * from) / to - 0.5))
  const before = Int32Array.from(places, (place) => Math.min(from - 1, Math.floor(place)))
  const after = before.map((place) => Math.min(from - 1, place + 1))
  return { before, after, share: places.map((place, i) => place - before[i]!) }
}
