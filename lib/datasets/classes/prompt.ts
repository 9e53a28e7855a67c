import { SemplesError } from '../../base/error.js'
import { hasWord } from '../../text/words.js'

/**
 * @param prompt the name CLIP is asked for
 * @param where the labels file, folder or class table that it comes from
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` for a prompt without any word: CLIP would get "a photo of ."
 */
export function requireWord(
  prompt: string,
  { label, where, file }: { label: string; where: string; file?: string },
): void {
  if (hasWord(prompt)) return
  throw new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `The class ${JSON.stringify(label)} (${where}) gives the text "a photo of ${prompt}.", which has no word for it.`,
    file,
    value: prompt,
    expected: 'a name with a letter, a digit or a sign',
    hint: 'Rename the label, or give it a prompt in classes.json.',
  })
}
