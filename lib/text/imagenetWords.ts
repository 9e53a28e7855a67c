import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../base/package.js'

/** What scripts/clip/imagenet_words.py wrote; indices as "7-24 80". */
interface Table {
  /** Synset and names of each class, in the order of ILSVRC 2012. */
  classes: string[][]
  words: Record<string, string>
  aliases: Record<string, string>
}

/** The ImageNet classes of a word. */
export interface ImagenetClasses {
  /** 0 to 999, ascending, at least one. */
  indices: number[]
  /** The word is a name of the one class, or stands above one or more in WordNet, or is in our own list. */
  source: 'name' | 'wordnet' | 'alias'
}

let loaded: Table | undefined

/** The table of the package, read at the first call. */
function table(): Table {
  loaded ??= JSON.parse(readFileSync(join(packageFolder(), 'models', 'imagenet-words.json'), 'utf8')) as Table
  return loaded
}

/**
 * Which of ImageNet's 1,000 classes (ILSVRC 2012) a word stands for; undefined where it leads to none. Case, blanks,
 * hyphens and underscores do not matter. Of a word's meanings the most frequent one counts that has any class at or
 * below it in WordNet 3.0. Our own list comes first: its words are those that WordNet does not know, or means otherwise.
 * scripts/clip/words.py answers in the same way.
 */
export function imagenetClassesOf(word: string): ImagenetClasses | undefined {
  const { classes, words, aliases } = table()
  const key = normalForm(word)
  if (Object.hasOwn(aliases, key)) return { indices: numbers(aliases[key]), source: 'alias' }
  if (!Object.hasOwn(words, key)) return undefined
  const indices = numbers(words[key])
  const [, ...names] = classes[indices[0] ?? 0] ?? []
  const named = indices.length === 1 && names.some((name) => normalForm(name) === key)
  return { indices, source: named ? 'name' : 'wordnet' }
}

function normalForm(word: string): string {
  return word.replace(/[\s_-]+/g, '').toLowerCase()
}

function numbers(ranges = ''): number[] {
  return ranges.split(' ').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
  })
}
