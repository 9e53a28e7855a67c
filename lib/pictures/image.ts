/** A decoded picture: 8-bit RGB, interleaved, row-major, `width * height * 3` bytes. */
export interface RawImage {
  data: Uint8Array
  width: number
  height: number
}

/** A rectangle of whole pixels inside a picture. */
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** A black picture of the given size. */
export function emptyImage(width: number, height: number): RawImage {
  return { data: new Uint8Array(width * height * 3), width, height }
}

/** The rectangle that covers all of `image`. */
export function wholeBox(image: { width: number; height: number }): Box {
  return { left: 0, top: 0, width: image.width, height: image.height }
}

/** Rounds to the nearest integer, halves to the even one, as Python's `round` does. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value)
  const fraction = value - floor
  if (fraction !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
