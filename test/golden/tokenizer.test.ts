import { describe, expect, test } from '@jest/globals'
import { labelText } from '../../lib/text/templates.js'
import { decode, encode, tokenize } from '../../lib/text/tokenizer.js'
import { readGolden, readGoldenJson } from '../support/golden.js'

interface Prompts {
  prompts: string[]
  bpe_ids_without_special: number[][]
  decoded: string[]
  too_long_for_77: number[]
  template: { sot: number[]; a_photo_of: number[]; dot: number; dot_word_final: number[]; eot: number; pad: number }
}

const golden = readGoldenJson<Prompts>('clip_prompts.json')
const cases = golden.prompts.map((prompt, index) => ({ prompt, index }))
const names = readGoldenJson<Record<string, string[]>>('class_names.json')

describe('tokenizer', () => {
  test.each(cases)('ids and text of $prompt', ({ prompt, index }) => {
    const ids = golden.bpe_ids_without_special[index]
    expect(encode(prompt)).toEqual(ids)
    expect(decode(ids)).toBe(golden.decoded[index])
  })

  test.each(cases)('length of $prompt', ({ prompt, index }) => {
    if (golden.too_long_for_77.includes(index)) {
      expect(() => tokenize([prompt])).toThrow(expect.objectContaining({ code: 'SEMPLES_TEXT_TOO_LONG' }))
    } else expect(tokenize([prompt])).toEqual(tokenize([prompt], { truncate: true }))
  })

  test('sequences of all prompts, cut where they are too long', async () => {
    const { tensors } = await readGolden('clip_io')
    const [, contextLength] = tensors.token_ids.shape
    const ours = tokenize(golden.prompts, { contextLength, truncate: true })
    expect(ours.shape).toEqual(tensors.token_ids.shape)
    expect([...ours.data].map(Number)).toEqual([...tensors.token_ids.data].map(Number))
  })

  // The background lists hold whole texts, the class lists names.
  test.each(Object.keys(names))('texts of the list %s', async (list) => {
    const texts = list.startsWith('background_') ? names[list] : names[list].map(labelText)
    const stored = (await readGolden('clip_io')).tensor(`${list.replace('background_', 'bg_')}_token_ids`)
    const ours = tokenize(texts, { contextLength: stored.shape[1] })
    expect(ours.shape).toEqual(stored.shape)
    expect([...ours.data].map(Number)).toEqual([...stored.data].map(Number))
  })

  test('texts of the prompt template', () => {
    expect(encode('a photo of')).toEqual(golden.template.a_photo_of)
    expect(encode('.')).toEqual(golden.template.dot_word_final)
  })
})
