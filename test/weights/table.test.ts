import { describe, expect, test } from '@jest/globals'
import type { KnownWeights } from '../../lib/weights/description.js'
import {
  addressOf,
  clipNames,
  knownWeights,
  nearestClip,
  nearestGenerator,
  publishedName,
  weightsNamed,
  weightsNames,
} from '../../lib/weights/table.js'
import { checkWords, fetchHint, sizeWords } from '../../lib/weights/words.js'

const each = knownWeights.map((known) => [known.name, known] as const)

test('names are of one use each, none twice', () => {
  expect([...clipNames, ...weightsNames].sort()).toEqual(knownWeights.map(({ name }) => name).sort())
  expect(new Set(knownWeights.map(({ name }) => name)).size).toBe(knownWeights.length)
})

describe.each(each)('%s', (_name, known: KnownWeights) => {
  test('has a name that is no path and not the word for no weights, a sentence, and a licence with its place', () => {
    expect(known.name).toMatch(/^(?!random$)[a-z0-9-]+$/)
    expect(known.about).toMatch(/^[A-Z].*\.$/)
    expect(known.license).toMatch(/^(MIT|Apache-2\.0|BSD-3-Clause)$/)
    expect(known.licenseRead).toMatch(/LICENSE|License/)
  })

  test('lies at an https address, as a file of weights', () => {
    expect(addressOf(known)).toMatch(/^https:\/\/[a-z.]+\//)
    expect(publishedName(known)).toMatch(/^[\w.-]+\.(pth|pt|safetensors)$/)
  })

  test('has no hash without the place where it was read', () => {
    const { sha256, sha256Prefix, read } = known.check
    if (sha256 !== undefined) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    if (sha256Prefix !== undefined) expect(sha256Prefix).toMatch(/^[0-9a-f]{8}$/)
    expect(sha256 === undefined || sha256Prefix === undefined).toBe(true)
    expect(read !== '').toBe(sha256 !== undefined || sha256Prefix !== undefined)
    if (read !== '')
      expect(read).toMatch(/^(github\.com\/\w+\/\w+, [\w/]+\.py|torchvision [\d.]+ .*\.py|computed from)/)
  })

  test('has the hash of its address, where the publisher writes it there', () => {
    const { origin, check } = known
    if (origin.kind === 'wheel') expect(publishedName(known)).toContain(check.sha256?.slice(0, 8))
    else if (check.sha256 === undefined) expect(origin.url).toMatch(new RegExp(`-${check.sha256Prefix}\\.pth$`))
    else expect(origin.url.split('/').at(-2)).toBe(check.sha256)
  })
})

test('sizes of DeiT are those of its tensors: the parameters that the paper counts, four bytes each', () => {
  // Touvron et al. 2021, table 1: 5 M, 22 M, 86 M.
  for (const [name, millions] of [
    ['deit-tiny', 5],
    ['deit-small', 22],
    ['deit-base', 86],
  ] as const)
    expect(Math.floor(weightsNamed(name).aboutBytes! / 4e6)).toBe(millions)
})

test('sizes of ResNet hold its tensors: the parameters that torchvision counts, four bytes each', () => {
  for (const [name, parameters] of [
    ['resnet50', 25_557_032],
    ['resnet101', 44_549_160],
  ] as const) {
    const { aboutBytes } = weightsNamed(name)
    expect(aboutBytes! / (4 * parameters)).toBeGreaterThan(1)
    expect(aboutBytes! / (4 * parameters)).toBeLessThan(1.01)
  }
})

test('words: sizes known, about and unknown; what is compared', () => {
  expect(sizeWords({ bytes: 18_826_032 })).toBe('18.8 MB')
  expect(sizeWords({ aboutBytes: 353_976_522 })).toBe('about 354 MB')
  expect(sizeWords({})).toBeUndefined()
  expect(checkWords({ sha256: 'ab'.repeat(32), read: '' })).toBe('sha256')
  expect(checkWords({ sha256Prefix: '0676ba61', read: '' })).toBe('first 8 digits of sha256')
  expect(checkWords({ read: '' })).toBe('not verified')
  expect(fetchHint('clip-vit-l-14', 'that', 'clip')).toMatch(
    /npx semples weights fetch clip-vit-l-14, and give clip = 'clip-vit-l-14'; .*\(ViT-L-14\.pt\) from https:/,
  )
})

test.each([
  ['ViT-B/32', 'clip-vit-b-32'],
  ['models/ViT-L-14-336px.pt', 'clip-vit-l-14-336'],
  ['openai/clip-vit-large-patch14', 'clip-vit-l-14'],
  ['clip-vit-b16', 'clip-vit-b-16'],
  ['RN50', undefined],
])('the CLIP that %s means', (path, name) => {
  expect(nearestClip(path)).toBe(name)
})

test.each([
  ['deit_small_patch16_224', 'deit-small'],
  ['models/resnet50-11ad3fa6.pth', 'resnet50-v2'],
  ['deit-smal', 'deit-small'],
  ['boats.pth', undefined],
])('the weights that %s means', (path, name) => {
  expect(nearestGenerator(path)).toBe(name)
})
