import { cleanText } from './clean.js'

const WORD = /[\p{L}\p{N}\p{So}\p{Sc}]/u

/** Whether a text has a word that CLIP is asked for: a letter, a digit or a sign such as 🚤, not punctuation alone. */
export function hasWord(text: string): boolean {
  // Cleaning takes letters away only where they are an HTML entity.
  return WORD.test(text.includes('&') ? cleanText(text) : text)
}
