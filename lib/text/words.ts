import { cleanText } from './clean.js'

/** Whether a text has a word that CLIP is asked for: a letter, a digit or a sign such as 🚤, not punctuation alone. */
export function hasWord(text: string): boolean {
  return /[\p{L}\p{N}\p{So}\p{Sc}]/u.test(cleanText(text))
}
