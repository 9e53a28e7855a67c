import type { RawImage } from '../../lib/pictures/image.js'

const { imul } = Math

/** Noise, the same bytes as `noise` in fixtures/pillow.py; an odd seed leaves only black and white. */
export function noise(width: number, height: number, seed: number): RawImage {
  const data = new Uint8Array(width * height * 3)
  let state = seed >>> 0
  for (let i = 0; i < data.length; i++) {
    state = (imul(state, 1664525) + 1013904223) >>> 0
    const value = state >>> 24
    data[i] = seed % 2 === 0 ? value : value < 128 ? 0 : 255
  }
  return { width, height, data }
}
