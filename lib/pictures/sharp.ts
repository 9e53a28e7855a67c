import type sharp from 'sharp'
import { SemplesError } from '../base/error.js'
import { packageFolder } from '../base/package.js'

export type { Metadata, Sharp } from 'sharp'

/**
 * sharp, loaded when a first picture is read or written.
 * @throws SemplesError `SEMPLES_SHARP_LOAD_FAILED`; `SEMPLES_BUNDLED` where a bundler has torn it from its binary
 */
export async function loadSharp(): Promise<typeof sharp> {
  try {
    return (await import('sharp')).default
  } catch (cause) {
    packageFolder()
    throw new SemplesError('SEMPLES_SHARP_LOAD_FAILED', {
      message: `sharp, which reads and writes pictures, could not be loaded: ${firstLine(cause)}`,
      hint: 'Its binary is an optional dependency of sharp; to install it, type: npm install --include=optional sharp',
      cause,
    })
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0]!
}
