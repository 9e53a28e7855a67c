import type { Random } from '../random.js'
import type { PhotometricOptions } from './options.js'

// Named here: looking `Math` up for every pixel is slow where globals are virtual.
const { max, min } = Math

/** Changes of light and colour that were drawn for one picture. */
export interface PhotometricChange {
  /** Added to every byte. */
  brightness: number
  /** Every byte is multiplied by it. */
  contrast: number
  /** Whether that comes before the changes of colour. */
  contrastFirst: boolean
  /** The saturation is multiplied by it. */
  saturation: number
  /** Steps of 2 degrees by which the hue turns. */
  hue: number
}

/** Draws the changes of a picture: each comes with probability 1/2. */
export function drawPhotometric(options: PhotometricOptions, random: Random): PhotometricChange {
  const half = (): boolean => random.chance(0.5)
  return {
    brightness: half() ? random.uniform(-options.brightness, options.brightness) : 0,
    contrastFirst: half(),
    contrast: half() ? random.uniform(...options.contrast) : 1,
    saturation: half() ? random.uniform(...options.saturation) : 1,
    hue: half() ? random.integer(-options.hue, options.hue) : 0,
  }
}

/** Changes the pixels of a row or of a whole picture where they lie. */
export type PixelChange = (pixels: Uint8Array) => void

/**
 * The changes as one pass over RGB bytes. Brightness and contrast are limited to 0..255 and cut to whole numbers, each by
 * itself; saturation and hue change together, in hue, saturation and value, and are rounded.
 */
export function photometricPass(change: PhotometricChange): PixelChange {
  const { brightness, contrast, contrastFirst, saturation, hue } = change
  const bright = byteTable((value) => value + brightness)
  const strong = byteTable((value) => value * contrast)
  if (saturation === 1 && hue === 0) return lookUp(bright.map((value) => strong[value]!))
  return contrastFirst
    ? recolor(
        bright.map((value) => strong[value]!),
        byteTable((value) => value),
        saturation,
        hue,
      )
    : recolor(bright, strong, saturation, hue)
}

/** Limited to bytes and cut to whole numbers. */
function byteTable(of: (value: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => max(0, min(255, of(value))))
}

function lookUp(table: Uint8Array): PixelChange {
  return (pixels) => {
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[pixels[i]!]!
  }
}

/** Bytes through `first`, then saturation and hue, then bytes through `last`. */
function recolor(first: Uint8Array, last: Uint8Array, saturation: number, hue: number): PixelChange {
  // A sixth of the circle is 60 degrees.
  const turn = (((hue % 180) + 180) % 180) / 30
  return (pixels) => {
    for (let i = 0; i < pixels.length; i += 3) {
      const red = first[pixels[i]!]!
      const green = first[pixels[i + 1]!]!
      const blue = first[pixels[i + 2]!]!
      const value = max(red, green, blue)
      const least = min(red, green, blue)
      const chroma = value - least
      if (chroma === 0) {
        const grey = last[value]!
        pixels[i] = grey
        pixels[i + 1] = grey
        pixels[i + 2] = grey
        continue
      }
      // The saturation, chroma / value, is at most 1.
      const strength = min(value, chroma * saturation)
      let sixth =
        value === red
          ? (green - blue) / chroma
          : value === green
            ? 2 + (blue - red) / chroma
            : 4 + (red - green) / chroma
      sixth += turn
      if (sixth < 0) sixth += 6
      else if (sixth >= 6) sixth -= 6
      const sector = sixth | 0
      const part = sixth - sector
      const top = last[value]!
      const bottom = last[(value - strength + 0.5) | 0]!
      const slope = sector & 1 ? part : 1 - part
      const middle = last[(value - strength * slope + 0.5) | 0]!
      pixels[i] = sector === 0 || sector === 5 ? top : sector === 1 || sector === 4 ? middle : bottom
      pixels[i + 1] = sector === 1 || sector === 2 ? top : sector === 0 || sector === 3 ? middle : bottom
      pixels[i + 2] = sector === 3 || sector === 4 ? top : sector === 2 || sector === 5 ? middle : bottom
    }
  }
}
