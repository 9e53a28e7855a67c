import { emptyImage, type RawImage } from '../../pictures/image.js'

/** Operations by lookup tables of 256 entries, one for all channels or one for each. */

/** Stretches every channel so that its darkest value becomes 0 and its brightest 255. */
export function autoContrast(image: RawImage): RawImage {
  const tables = histograms(image).map((histogram) => {
    const low = histogram.findIndex((count) => count > 0)
    const high = histogram.findLastIndex((count) => count > 0)
    if (high <= low) return table((value) => value)
    const scale = 255 / (high - low)
    const offset = -low * scale
    return table((value) => Math.trunc(value * scale + offset))
  })
  return mapChannels(image, tables)
}

/** Spreads the values of every channel so that each grey level is about equally common. */
export function equalize(image: RawImage): RawImage {
  const tables = histograms(image).map((histogram) => {
    const brightest = histogram.findLast((count) => count > 0) ?? 0
    const step = Math.floor((image.width * image.height - brightest) / 255)
    if (step === 0) return table((value) => value)
    let sum = Math.floor(step / 2)
    return table((value) => {
      const level = Math.floor(sum / step)
      sum += histogram[value]!
      return level
    })
  })
  return mapChannels(image, tables)
}

/** The negative. */
export function invert(image: RawImage): RawImage {
  return mapValues(image, (value) => 255 - value)
}

/** Keeps the `bits` (0..8) highest bits of every value. */
export function posterize(image: RawImage, bits: number): RawImage {
  const mask = 0xff & ~((1 << (8 - bits)) - 1)
  return mapValues(image, (value) => value & mask)
}

/** Inverts the values that are not below `threshold` (0..256). */
export function solarize(image: RawImage, threshold: number): RawImage {
  return mapValues(image, (value) => (value < threshold ? value : 255 - value))
}

/** Adds `amount` to the values below 128, up to 255. */
export function solarizeAdd(image: RawImage, amount: number): RawImage {
  return mapValues(image, (value) => (value < 128 ? value + amount : value))
}

/** Values beyond 0..255 become the nearest end. */
function table(level: (value: number) => number): Uint8ClampedArray {
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => level(value))
}

function mapValues(image: RawImage, level: (value: number) => number): RawImage {
  const levels = table(level)
  return mapChannels(image, [levels, levels, levels])
}

function mapChannels(image: RawImage, tables: readonly Uint8ClampedArray[]): RawImage {
  const result = emptyImage(image.width, image.height)
  tables.forEach((levels, channel) => {
    for (let i = channel; i < image.data.length; i += 3) result.data[i] = levels[image.data[i]!]!
  })
  return result
}

function histograms(image: RawImage): Int32Array[] {
  return [0, 1, 2].map((channel) => {
    const histogram = new Int32Array(256)
    for (let i = channel; i < image.data.length; i += 3) histogram[image.data[i]!]!++
    return histogram
  })
}
