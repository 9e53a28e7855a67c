import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { labelText } from '../text/templates.js'
import { encode } from '../text/tokenizer.js'
import { namingWords } from './namingWords.js'

/** The file that train_demo.py writes next to an archive whose token table holds only the words of its training. */
const provenanceSchema = z.looseObject({
  words: z.array(z.strictObject({ word: z.string().min(1), ids: z.array(z.number().int().min(0)).min(1) })).min(1),
  bytes: z.number().int(),
  sha256: z.string(),
})

export interface NamingVocabulary {
  words: string[]
  /** Warnings: words left out, a provenance file that belongs to another archive. */
  notices: string[]
}

export interface NamingOptions {
  /** CLIP's archive. A JSON file of its name beside it may list the words that it was trained on. */
  archive: string
  /** Names of the classes in CLIP's texts. */
  prompts: readonly string[]
  /** Words to search among instead of the usual ones. */
  words?: readonly string[]
}

/**
 * The words among which the nearest ones of learned prompts can be searched: `words` if given, else about 250 everyday
 * words for scenes and backgrounds (`namingWords`) and the names of the classes. For an archive that records the words
 * it was trained on, those; other words mean nothing to it and are left out.
 */
export async function namingVocabulary({ archive, prompts, words }: NamingOptions): Promise<NamingVocabulary> {
  const { trained, notices } = await trainedWords(archive)
  if (trained === undefined) return { words: unique(words ?? [...namingWords, ...prompts]), notices }
  const known = new Set([...trained.flatMap(({ ids }) => ids), ...encode(labelText(''))])
  const wanted = unique(words ?? trained.map(({ word }) => word))
  const kept = wanted.filter((word) => encode(word).every((id) => known.has(id)))
  if (kept.length < wanted.length)
    notices.push(
      `${wanted.length - kept.length} of ${wanted.length} words mean nothing to this CLIP, which was trained on ${trained.length}, and are not searched.`,
    )
  return { words: kept, notices }
}

type TrainedWords = z.infer<typeof provenanceSchema>['words']

async function trainedWords(archive: string): Promise<{ trained?: TrainedWords; notices: string[] }> {
  const file = archive.replace(/\.[^./\\]*$/, '.json')
  const text = file === archive ? undefined : await readFile(file, 'utf8').catch(() => undefined)
  const provenance = provenanceSchema.safeParse(text === undefined ? undefined : parsed(text))
  // Any other file of that name is none of ours.
  if (!provenance.success) return { notices: [] }
  const { words, bytes, sha256 } = provenance.data
  const content = await readFile(archive)
  const same = content.length === bytes && createHash('sha256').update(content).digest('hex') === sha256
  if (same) return { trained: words, notices: [] }
  return {
    notices: [`${file} describes another archive than ${archive}: its list of trained words is not used.`],
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => word.trim()).filter((word) => word !== ''))]
}
