import { SemplesError } from '../../base/error.js'
import { formatBytes } from '../../fetch/progress.js'

/** `412 bytes`, `18.3 kB`, `90.9 MB`, in decimal units. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : formatBytes(bytes)
}

/** A share in percent: `12.5 %`; less than can be shown is `< 0.1 %`. */
export function shareText(share: number): string {
  return share > 0 && share < 0.001 ? '< 0.1 %' : `${(100 * share).toFixed(1)} %`
}

/** A number for people, with four digits. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** The sentence of an error and its hint apart. */
export function refusalOf(error: unknown): { message: string; hint?: string } {
  if (!(error instanceof SemplesError)) throw error
  const { message, hint } = error
  if (hint === undefined) return { message }
  return { message: message.endsWith(hint) ? message.slice(0, -hint.length).trim() : message, hint }
}

/** A fraction in percent with two digits: `52.10 %`. */
export function percentText(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`
}
