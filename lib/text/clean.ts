import { packageRequire } from '../base/package.js'

const PLAIN = /^[\t\n\x20-\x25\x27-\x7e]*$/ // printable ASCII without `&`: nothing to fix

/**
 * Normalises text as CLIP's training data were: Unicode fixed (mojibake, ligatures, full-width letters, curly quotes),
 * HTML entities unescaped twice, white space collapsed to single blanks, trimmed, lower case.
 */
export function cleanText(text: string): string {
  const fixed = PLAIN.test(text) ? text : unescapeTwice(fixUnicode(text))
  return fixed.replace(/\s+/g, ' ').trim().toLowerCase()
}

// Both libraries carry large tables that a class name in plain letters never needs, so they are loaded on demand.

function fixUnicode(text: string): string {
  const { fix_text }: typeof import('ftfy-js') = packageRequire()('ftfy-js')
  return fix_text(text)
}

function unescapeTwice(text: string): string {
  const { decode }: typeof import('html-entities') = packageRequire()('html-entities')
  return decode(decode(text))
}
