// Local names: a global looked up for every pixel is slow where globals are virtual (node:vm).
const { max, min, round } = Math

/** A colour packed as 0xAARRGGBB in an unsigned 32-bit number; alpha 255 is opaque. */
export type Color = number

export function rgb(red: number, green: number, blue: number, alpha = 255): Color {
  return ((byte(alpha) << 24) | (byte(red) << 16) | (byte(green) << 8) | byte(blue)) >>> 0
}

/** Hue in turns (0..1, wraps), saturation and value in 0..1. */
export function hsv(hue: number, saturation: number, value: number): Color {
  const channel = (offset: number): number => {
    const k = (((offset + hue * 6) % 6) + 6) % 6
    return 255 * (value - value * saturation * max(0, min(k, 4 - k, 1)))
  }
  return rgb(channel(5), channel(3), channel(1))
}

/** Multiplies brightness: 0 is black, 1 leaves the colour, above 1 lightens. Alpha stays. */
export function shade(color: Color, factor: number): Color {
  return rgb(((color >>> 16) & 255) * factor, ((color >>> 8) & 255) * factor, (color & 255) * factor, color >>> 24)
}

/** `from` at 0, `to` at 1; clamped outside. */
export function mix(from: Color, to: Color, amount: number): Color {
  const t = max(0, min(1, amount))
  const blend = (shift: number): number => ((from >>> shift) & 255) * (1 - t) + ((to >>> shift) & 255) * t
  return rgb(blend(16), blend(8), blend(0), blend(24))
}

export function fade(color: Color, alpha: number): Color {
  return (((color & 0xffffff) | (byte(alpha * 255) << 24)) >>> 0) as Color
}

function byte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : round(value)
}

export const WHITE = rgb(250, 250, 248)
export const BLACK = rgb(24, 24, 28)
export const GLASS = rgb(168, 210, 230)
export const STEEL = rgb(120, 126, 134)
