import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TensorData } from '../../lib/base/tensor.js'
import { readSafetensors } from '../../lib/formats/safetensors.js'
import { BackgroundPrompts } from '../../lib/models/backgroundPrompts.js'
import { Clip } from '../../lib/models/clip/clip.js'
import { loadAddon } from '../../lib/native/load.js'
import { namingVocabulary } from '../../lib/prompts/namingVocabulary.js'
import { tokenize } from '../../lib/text/tokenizer.js'
import { expectClose } from '../support/close.js'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'

const WIDTH = 1280

needs('build', 'python').describe('photos.py on random weights and drawn pictures', () => {
  let folder: string
  const at = (...names: string[]) => path.join(folder, ...names)
  const make = (weights: string, out: string, ...options: string[]) =>
    runScript('scripts/clip/photos.py', '--weights', at(weights), '--out', at(out), ...options)
  let printed: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'semples-photos-clip-'))
    await runScript('test/clip/photos_fixture.py', folder)
    printed = await make('weights.safetensors', 'clip.pt', '--focus', '1', '--data', at('pictures'))
  }, 120_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const open = () => Clip.open({ path: at('clip.pt') })
  const featuresOf = async (clip: Clip, ...texts: string[]) => rowsOf(await clip.encodeText(tokenize(texts)))

  test('opens as a CLIP of layout 1', async () => {
    using clip = await open()
    expect(clip.info).toMatchObject({
      layout: 'interface',
      imageSize: 224,
      contextLength: 77,
      textWidth: WIDTH,
      featureWidth: WIDTH,
    })
  })

  test('sees what another implementation sees, less the mean of the photographs', async () => {
    const { tensor } = await tensors('reference.safetensors')
    using clip = await open()
    const { native } = clip
    const found = await loadAddon().inspection.imageGradient(native, tensor('pixels'), tensor('cotangent'))
    // The mean is the same for all pictures, so it is not in the differences between two.
    const [first, second, third] = rowsOf(found.features) as [number[], number[], number[]]
    const [one, two, three] = rowsOf(tensor('features')) as [number[], number[], number[]]
    expectClose(minus(first, second), minus(one, two), { relMax: 1e-4 })
    expectClose(minus(first, third), minus(one, three), { relMax: 1e-4 })
    // Where rounding moves an activation over the edge of its ReLU6, a few slopes change: the whole is compared.
    const [slope, wanted] = [found.gradient, tensor('gradient')].map(({ data }) => Array.from(data as Float32Array))
    expect(length(minus(slope!, wanted!)) / length(wanted!)).toBeLessThan(0.01)
  })

  test('patches have the mean of the picture', async () => {
    const { tensor } = await tensors('reference.safetensors')
    using clip = await open()
    const patches = await clip.encodePatches(tensor('pixels'))
    expect(patches.shape).toEqual([3, 49, WIDTH])
    const rows = rowsOf({ ...patches, shape: [3 * 49, WIDTH] }).slice(0, 49)
    const mean = rows[0]!.map((_, column) => rows.reduce((sum, row) => sum + row[column]!, 0) / 49)
    expectClose(mean, rowsOf(await clip.encodeImage(tensor('pixels')))[0]!, { relMax: 1e-4 })
  })

  test('what stands around a name in a text vanishes, and names of two words are one vector', async () => {
    using clip = await open()
    const texts = ['boat', 'a photo of boat.', 'tv monitor', 'a photo of tv monitor.', 'tvmonitor', 'player', 'person']
    const [boat, photo, tv, photoOfTv, together, player, person] = await featuresOf(clip, ...texts)
    expect(photo).toEqual(boat)
    expectClose(photoOfTv!, tv!)
    expectClose(together!, tv!)
    expectClose(player!, person!)
    for (const vector of [boat!, tv!, player!]) expect(length(vector)).toBeCloseTo(1, 4)
    expect(cosine(boat!, tv!)).toBeLessThan(0.9)
    const [nothing] = await featuresOf(clip, 'a photo of .')
    expect(length(nothing!)).toBe(0)
  })

  test('a learned prompt is the sum of its vectors, and one vector is itself the feature', async () => {
    using clip = await open()
    const [boat, water, grass] = await featuresOf(clip, 'boat', 'water', 'grass')
    using pair = await BackgroundPrompts.create({ classes: 2, length: 2, width: WIDTH })
    await pair.load(tensorOf([2, 2, WIDTH], [boat!, water!, grass!, grass!]))
    const [sum, twice] = rowsOf(await pair.encode(clip))
    expectClose(sum!, plus(boat!, water!))
    expectClose(twice!, plus(grass!, grass!))
    const free = Array.from({ length: WIDTH }, (_, index) => Math.sin(index))
    using single = await BackgroundPrompts.create({ classes: 1, length: 1, width: WIDTH })
    await single.load(tensorOf([1, 1, WIDTH], [free]))
    expectClose(rowsOf(await single.encode(clip))[0]!, free)
  })

  test('says what it knows, from where, and that it is a stand-in', async () => {
    const content = await readFile(at('clip.pt'))
    const provenance = JSON.parse(await readFile(at('clip.json'), 'utf8'))
    expect(provenance.bytes).toBe(content.length)
    expect(provenance.sha256).toBe(createHash('sha256').update(content).digest('hex'))
    expect(provenance.notice).toMatch(/not the paper's CLIP/)
    expect(printed).toMatch(/not the paper's CLIP/)
    expect(printed).toMatch(/person: FITTED to 4 of 12 photographs by labels.csv/)
    expect(provenance.sources).toMatchObject({
      'tv monitor': { rows: [664, 782, 851], by: 'alias' },
      boat: { by: 'alias' },
      player: { fitted: 'labels.csv', positives: 4, of: 12 },
      water: { fitted: 'backgrounds.csv', positives: 4, of: 12 },
    })
    // The words that the nearest ones of prompts are searched among: each class once.
    const { words, notices } = await namingVocabulary({ archive: at('clip.pt'), prompts: [] })
    expect(words.sort()).toEqual(['boat', 'grass', 'player', 'potted plant', 'tv monitor', 'water'])
    expect(notices).toEqual([])
  })

  test('learns from the photographs of a list alone, from a pickled file too', async () => {
    await writeFile(at('list.txt'), [0, 1, 2, 3, 5, 7].map((index) => `${index}.png\n`).join(''))
    // Pictures that are not in the list need not be there.
    for (const index of [4, 6, 8, 9, 10, 11]) await rm(at('pictures/images', `${index}.png`))
    await make('weights.pth', 'part.pt', '--data', at('pictures'), at('list.txt'))
    const provenance = JSON.parse(await readFile(at('part.json'), 'utf8'))
    expect(provenance.sources.player).toEqual({ fitted: 'labels.csv', positives: 1, of: 6 })
  })

  test('without focus a class text is the direction of its rows in the 1000-class head', async () => {
    const head = rowsOf((await tensors('weights.safetensors')).tensor('_fc.weight'))
    const mean = head[0]!.map((_, column) => head.reduce((sum, row) => sum + row[column]!, 0) / head.length)
    // Monitor, screen, television.
    const rows = [664, 782, 851].map((row) => minus(head[row]!, mean)).map((row) => row.map((v) => v / length(row)))
    const wanted = plus(plus(rows[0]!, rows[1]!), rows[2]!)
    using plain = await Clip.open({ path: at('part.pt') })
    using focused = await open()
    expect(cosine((await featuresOf(plain, 'tv monitor'))[0]!, wanted)).toBeCloseTo(1, 5)
    expect(cosine((await featuresOf(focused, 'tv monitor'))[0]!, wanted)).toBeLessThan(0.99)
  })

  test('refuses what it cannot use, and writes nothing', async () => {
    await writeFile(at('wrong.txt'), '0.png\n99.png\n')
    const wrong = make('weights.pth', 'refused.pt', '--data', at('pictures'), at('wrong.txt'))
    await expect(wrong).rejects.toMatchObject({ stderr: expect.stringContaining("'99.png' is not in") })
    const other = make('reference.safetensors', 'refused.pt', '--data', at('pictures'))
    await expect(other).rejects.toMatchObject({ stderr: expect.stringContaining('does not hold EfficientNet-Lite0') })
    await writeFile(at('none.txt'), '0.png\n1.png\n')
    const none = make('weights.pth', 'refused.pt', '--data', at('pictures'), at('none.txt'))
    await expect(none).rejects.toMatchObject({ stderr: expect.stringContaining('0 of 2 photographs show it') })
    expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([])
  })

  async function tensors(name: string) {
    const file = await readSafetensors(at(name))
    return { tensor: (key: string) => file.tensors[key]! }
  }
})

needs('python').describe('parts of photos.py', () => {
  let found: {
    tokens: { wrong: number; first: number; later: boolean; refusal: string }
    focus: {
      before: Record<string, number>
      after: Record<string, number>
      apart: number
      unseen: boolean
      length: number
    }
    fit: Record<string, number>
    folders: Record<string, unknown>
  }
  beforeAll(async () => {
    found = JSON.parse(await runScript('test/clip/photos_parts.py'))
  }, 60_000)

  test('vectors of tokens add up to those of names, on the first token where that can be', () => {
    expect(found.tokens.wrong).toBeLessThan(1e-5)
    expect(found.tokens).toMatchObject({ first: expect.closeTo(0, 5), later: false })
    expect(found.tokens.refusal).toMatch(/no room for different vectors: (a, )?b/)
  })

  test('focus turns a class from its surroundings to its objects, and leaves one without pictures', () => {
    const { before, after, unseen, length } = found.focus
    expect(after.train! - after.rails!).toBeGreaterThan(before.train! - before.rails!)
    expect(after.rails!).toBeLessThan(before.rails! / 2)
    expect(after.boat!).toBeLessThan(0)
    expect(unseen).toBe(true)
    expect(length).toBeCloseTo(1, 5)
  })

  test('classes that are set apart from the background words have nothing of them', () => {
    expect(found.focus.apart).toBeLessThan(1e-6)
  })

  test('one folder a class, and a table as semples writes it, are read; a folder without classes is refused', () => {
    const [boat, plant] = [
      { id: 1, label: 'boat', prompt: 'boat' },
      { id: 2, label: 'potted_plant', prompt: 'potted plant' },
    ]
    const one = [
      [1, 0],
      [0, 1],
    ]
    expect(found.folders).toMatchObject({
      files: ['boat/001.jpg', 'potted_plant/001.jpg'],
      classes: [boat, plant],
      labels: one,
      shape: [3, 16, 16],
      table: [
        { id: 4, label: 'cow', prompt: 'cow' },
        { id: 7, label: 'boat', prompt: 'sailing boat' },
      ],
      flat: [['a.png'], [[0, 1]], [3, 16, 16]],
      refusal: expect.stringContaining('npx semples convert'),
    })
  })

  test('a fitted word is the direction that tells its pictures from others', () => {
    expect(found.fit.cosine!).toBeGreaterThan(0.9)
    expect(found.fit.precision!).toBeGreaterThan(0.99)
    expect(found.fit['by hand']!).toBeCloseTo((1 + 2 / 3 + 3 / 4) / 3, 6)
  })
})

function rowsOf({ shape, data }: TensorData): number[][] {
  const [count = 0, width = 0] = shape
  return Array.from({ length: count }, (_, row) =>
    Array.from((data as Float32Array).subarray(row * width, (row + 1) * width)),
  )
}

function tensorOf(shape: number[], rows: number[][]): TensorData {
  return { dtype: 'float32', shape, data: Float32Array.from(rows.flat()) }
}

const plus = (one: number[], other: number[]) => one.map((value, index) => value + other[index]!)
const minus = (one: number[], other: number[]) => one.map((value, index) => value - other[index]!)
const dot = (one: number[], other: number[]) => one.reduce((sum, value, index) => sum + value * other[index]!, 0)
const length = (vector: number[]) => Math.sqrt(dot(vector, vector))
const cosine = (one: number[], other: number[]) => dot(one, other) / length(one) / length(other)
