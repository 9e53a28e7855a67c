import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { namingVocabulary } from '../../lib/prompts/namingVocabulary.js'
import { namingWords } from '../../lib/prompts/namingWords.js'
import { nearestWords } from '../../lib/prompts/nearestWords.js'
import { encode, tokenize } from '../../lib/text/tokenizer.js'
import { describeNative } from '../native/models.js'

const archive = fileURLToPath(new URL('../../models/demo-clip.pt', import.meta.url))
const objects = ['train', 'boat', 'bird', 'cow', 'airplane', 'car']
const backgrounds = ['rails', 'water', 'leaves', 'grass', 'clouds', 'road', 'sand', 'snow', 'bricks', 'wood']

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'semples-naming-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('the words that are searched', () => {
  test('for any CLIP everyday words, each once, and the names of the classes', async () => {
    const { words, notices } = await namingVocabulary({ archive: join(root, 'none.pt'), prompts: ['boat', 'okapi'] })
    expect(words).toEqual(expect.arrayContaining(['water', 'sky', 'grass', 'rails', 'road', 'boat', 'okapi']))
    expect(new Set(words).size).toBe(words.length)
    expect(new Set(namingWords).size).toBe(namingWords.length)
    expect(namingWords.length).toBeGreaterThan(200)
    expect(namingWords.every((word) => /^[a-z]+( [a-z]+)*$/.test(word))).toBe(true)
    expect(notices).toEqual([])
  })

  test('for the CLIP of the demo those that it was trained on', async () => {
    const { words, notices } = await namingVocabulary({ archive, prompts: objects })
    expect(words.sort()).toEqual([...objects, ...backgrounds].sort())
    expect(notices).toEqual([])
  })

  test('words of the caller, but for those that mean nothing to the CLIP', async () => {
    const words = ['water', 'volcano', 'snow', ' water ', '']
    expect(await namingVocabulary({ archive: join(root, 'none.pt'), prompts: ['boat'], words })).toEqual({
      words: ['water', 'volcano', 'snow'],
      notices: [],
    })
    const own = await namingVocabulary({ archive, prompts: ['boat'], words })
    expect(own.words).toEqual(['water', 'snow'])
    expect(own.notices).toEqual([expect.stringMatching(/1 of 3 words mean nothing .* trained on 16/)])
  })

  describe('a JSON file beside the archive', () => {
    const beside = async (text: string) => {
      const copy = join(root, 'copy.pt')
      await copyFile(archive, copy)
      await writeFile(join(root, 'copy.json'), text)
      return namingVocabulary({ archive: copy, prompts: objects })
    }
    const provenance = { words: [{ word: 'water', ids: encode('water') }], bytes: 7, sha256: 'of another file' }

    test('that describes another file is ignored, and that is said', async () => {
      const { words, notices } = await beside(JSON.stringify(provenance))
      expect(words).toHaveLength(new Set([...namingWords, ...objects]).size)
      expect(notices).toEqual([expect.stringMatching(/copy\.json describes another archive/)])
    })

    test.each(['', '[', '{}', '[]', JSON.stringify({ ...provenance, words: ['water'] })])(
      'that is something else is left alone: %s',
      async (text) => {
        const { words, notices } = await beside(text)
        expect(words).toContain('mountain')
        expect(notices).toEqual([])
      },
    )
  })
})

describeNative('the nearest words', () => {
  test('of prompts that hold the embeddings of a word are that word first, with the cosines of the texts', async () => {
    using clip = await Clip.open({ path: archive })
    const { contextLength, textWidth, featureWidth } = clip.info
    const hidden = ['water', 'snow', 'cow']
    const words = [...objects, ...backgrounds]
    // "a photo of V." with the embedding of a word for V: what learned prompts are made of.
    const embedded = await clip.embedTokens(tokenize(hidden, { contextLength }))
    const vectors = hidden.map((_, row) =>
      (embedded.data as Float32Array).slice(
        (row * contextLength + 1) * textWidth,
        (row * contextLength + 2) * textWidth,
      ),
    )
    using prompts = await BackgroundPrompts.create({ classes: 3, length: 1, width: textWidth })
    await prompts.load({
      dtype: 'float32',
      shape: [3, 1, textWidth],
      data: Float32Array.from(vectors.flatMap((v) => [...v])),
    })
    const nearest = await nearestWords(clip, prompts, words)

    expect(nearest.map(([first]) => first!.word)).toEqual(hidden)
    const features = (await prompts.encode(clip)).data as Float32Array
    for (const [row, own] of nearest.entries()) {
      expect(own.map(({ word }) => word).sort()).toEqual([...words].sort())
      expect(own.map(({ cosine }) => cosine)).toEqual(own.map(({ cosine }) => cosine).sort((a, b) => b - a))
      const feature = features.subarray(row * featureWidth, (row + 1) * featureWidth)
      for (const { word, cosine } of [own[0]!, own[7]!, own.at(-1)!]) {
        const text = await clip.encodeText(tokenize([`a photo of ${word}.`], { contextLength }))
        expect(cosine).toBeCloseTo(cosineOf([...feature], [...(text.data as Float32Array)]), 5)
      }
    }
  })

  test('more words than go through CLIP at a time are each compared', async () => {
    using clip = await Clip.open({ path: archive })
    using prompts = await BackgroundPrompts.create({ classes: 1, length: 2, width: clip.info.textWidth, seed: 3 })
    const words = [...Array.from({ length: 150 }, (_, index) => objects[index % 6]!), 'water']
    const [own] = await nearestWords(clip, prompts, words)
    expect(own).toHaveLength(151)
    const [alone] = await nearestWords(clip, prompts, ['water'])
    expect(own!.find(({ word }) => word === 'water')!.cosine).toBeCloseTo(alone![0]!.cosine, 5)
  })
})

function cosineOf(one: number[], other: number[]): number {
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  const product = (a: number[], b: number[]) => sum(a.map((value, index) => value * b[index]!))
  return product(one, other) / Math.sqrt(product(one, one) * product(other, other))
}
