import { TextDecoder } from 'node:util'
import { labelsInvalid } from './problem.js'

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

/**
 * The text of a labels file: UTF-8, or UTF-16 as spreadsheets and PowerShell write it, in both orders, with and without
 * a byte order mark.
 *
 * @returns `encoding` for people where it is not UTF-8
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for bytes that are no text, with the line
 */
export function decodeText(bytes: Uint8Array, file: string): { text: string; encoding?: string } {
  const encoding = encodingOf(bytes)
  const text = decoded(bytes, encoding)
  if (text === undefined) throw notText(bytes, encoding, file)
  if (text.includes('\0')) throw labelsInvalid(file, 'is neither CSV nor JSON')
  return { text, encoding: encoding === 'utf-8' ? undefined : 'UTF-16' }
}

/** By the byte order mark, else by where the zeros are: letters of most languages' punctuation have one in UTF-16. */
function encodingOf(bytes: Uint8Array): Encoding {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  let [even, odd] = [0, 0]
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 0) continue
    if (i % 2 === 0) even++
    else odd++
  }
  if (bytes.length % 2 === 1 || even > 0 === odd > 0) return 'utf-8'
  return odd > 0 ? 'utf-16le' : 'utf-16be'
}

function decoded(bytes: Uint8Array, encoding: Encoding): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function notText(bytes: Uint8Array, encoding: Encoding, file: string): Error {
  if (encoding !== 'utf-8') return labelsInvalid(file, 'looks like UTF-16, and is not', { hint: SAVE })
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let start = 0, line = 1; start < buffer.length; line++) {
    const found = buffer.indexOf(0x0a, start)
    const end = found < 0 ? buffer.length : found
    const part = buffer.subarray(start, end)
    // A byte of Latin-1 as the letter that it most likely stands for.
    if (decoded(part, 'utf-8') === undefined)
      return labelsInvalid(file, `has bytes that are not UTF-8 in line ${line}`, {
        value: part.toString('latin1').slice(0, 80).trim(),
        hint: SAVE,
      })
    start = end + 1
  }
  return labelsInvalid(file, 'has bytes that are not UTF-8', { hint: SAVE })
}

const SAVE = 'Save it as UTF-8 (in a spreadsheet: "CSV UTF-8"); UTF-16 is read too.'
