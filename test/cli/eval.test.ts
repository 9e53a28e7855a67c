import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { Evaluation } from '../../lib/evaluate/evaluate.js'
import { evaluation, given, run } from './fakes.js'

const root = mkdtempSync(join(tmpdir(), 'semples-eval-'))
const photos = join(root, 'photos')
mkdirSync(photos)
writeFileSync(join(photos, 'labels.csv'), 'file,labels\na.jpg,cat\n')
const list = join(root, 'list.txt')
writeFileSync(list, '\uFEFFa.jpg\r\nmore\\b.png\r\n\r\nc d\r\n')

test.each([
  ['a folder of ground truth', ['--ground-truth', root, '--classes', 'voc2012']],
  ['a plain folder of pictures', ['--data', photos, '--ground-truth', root]],
])('2.5: --list names the pictures to evaluate, of %s', async (_, words) => {
  const ran = await run(['eval', '--masks', root, ...words, '--list', list])
  expect(given(ran, 'evaluate').ids).toEqual(['a', 'more/b', 'c d'])
})

test('2.5: an empty list is refused', async () => {
  const empty = join(root, 'empty.txt')
  writeFileSync(empty, '\n \n')
  const ran = await run(['eval', '--masks', root, '--ground-truth', root, '--classes', 'voc2012', '--list', empty])
  expect([ran.status, ran.err.join()]).toEqual([1, expect.stringMatching(/names no picture/)])
})

test('3.13: --threshold is for masks', async () => {
  const ran = await run(['eval', '--masks', root, '--ground-truth', root, '--classes', 'voc2012', '--threshold', '0.4'])
  expect([ran.status, ran.err.join()]).toEqual([2, expect.stringMatching(/semples masks --threshold.*--sweep/)])
  expect(ran.calls).toEqual([])
})

const words = ['eval', '--masks', root, '--ground-truth', root, '--classes', 'voc2012']

test('what is asked for beyond the scores, with and without a number', async () => {
  const plain = ['--boundary', '--confusions', '--bootstrap', '--against', 'other']
  expect(given(await run([...words, ...plain]), 'evaluate')).toMatchObject({
    ...{ boundary: true, confusions: true, bootstrap: true, against: 'other' },
  })
  const numbers = ['--boundary', '0.005', '--confusions', '3', '--min-area', '0', '--bootstrap', '500', '--seed', '7']
  expect(given(await run([...words, ...numbers]), 'evaluate')).toMatchObject({
    ...{ boundary: 0.005, confusions: 3, minArea: 0, bootstrap: 500, seed: 7 },
  })
  for (const name of ['boundary', 'confusions', 'minArea', 'bootstrap', 'seed', 'against'])
    expect(given(await run(words), 'evaluate')).not.toHaveProperty(name)
})

test.each([
  ['--boundary', 'wide'],
  ['--boundary', '2'],
  ['--confusions', '0'],
  ['--confusions', '1.5'],
  ['--min-area', '-1'],
  ['--bootstrap', 'many'],
])('%s %s is refused', async (option, value) => {
  const ran = await run([...words, '--confusions', option, value])
  expect([ran.status, ran.calls, ran.err.join()]).toEqual([2, [], expect.stringContaining(option)])
})

const known = (ious: number[]) => evaluation.perClass.map(({ id, label }, i) => ({ id, label, iou: ious[i]! }))
const between = (low: number, high: number) => ({ low, high })
const background = { id: 0, label: 'background' }
const boat = { id: 1, label: 'boat' }
const cat = { id: 2, label: 'cat' }
const none = between(Number.NaN, Number.NaN)

async function printed(more: Partial<Evaluation>, ...options: string[]): Promise<string[]> {
  return (await run([...words, ...options], { evaluate: async () => ({ ...evaluation, ...more }) })).out
}

describe('what eval prints', () => {
  const bootstrap = {
    ...{ draws: 1000, seed: 3, miou: between(0.4, 0.6) },
    perClass: [
      { ...background, ...between(0.7, 0.8) },
      { ...boat, ...between(0.2, 0.3) },
      { ...cat, ...none },
    ],
  }

  test('by default as many lines as before', async () => expect(await printed({})).toHaveLength(7))

  test('intervals stand behind their scores, and what they are below', async () => {
    const lines = await printed({ bootstrap })
    expect(lines).toHaveLength(8)
    const text = lines.join('\n')
    expect(text).toMatch(/boat +25\.00 \(20\.00 to 30\.00\) +70\.00 +30\.00/)
    expect(text).toContain('mean IoU 50.00 (40.00 to 60.00) %, over 7 pictures')
    expect(text).toContain('95 % interval, percentiles of 1,000 bootstrap draws of the pictures, seed 3')
  })

  test('boundary IoU is a column and a line', async () => {
    const boundary = { share: 0.005, miou: 0.3, perClass: known([0.4, 0.2, Number.NaN]) }
    const lines = await printed({ boundary })
    expect(lines).toHaveLength(8)
    expect(lines[0]).toMatch(/IoU % +boundary IoU % +precision/)
    expect(lines[2]).toMatch(/boat +25\.00 +20\.00 +70\.00/)
    expect(lines).toContain('mean boundary IoU 30.00 %, within 0.5 % of the diagonal from a contour')
  })

  test('confusions, and classes on pictures without them', async () => {
    const pairs = [{ truth: boat, predicted: background, pixels: 1234, share: 0.5 }]
    const falsePositives = [
      { ...boat, without: 4, pictures: 0, share: 0, meanArea: Number.NaN },
      { ...cat, without: 7, pictures: 2, share: 2 / 7, meanArea: 0.125 },
    ]
    const text = (await printed({ confusions: { pairs, minArea: 0.001, falsePositives } })).join('\n')
    expect(text).toMatch(/boat +background +50\.00 +1234/)
    expect(text).toMatch(/\ncat +2 +28\.57 +12\.50\n\(masks that have the class on 0\.1 % of the picture or more\)/)
    const nothing = await printed({ confusions: { pairs: [], minArea: 0, falsePositives: [] } })
    expect(nothing.join('\n')).toMatch(/no pixel of a class has another.*no mask has a class/s)
  })

  test('a comparison: differences in points with their sign, and the pictures', async () => {
    const of = (masks: number, against: number, low: number, high: number) => ({
      masks,
      against,
      difference: masks - against,
      low,
      high,
    })
    const perClass = [
      { ...background, ...of(0.75, 0.75, 0, 0) },
      { ...boat, ...of(0.25, 0.5, -0.3, 0.000001) },
      { ...cat, ...of(Number.NaN, Number.NaN, Number.NaN, Number.NaN) },
    ]
    const against = {
      ...{ folder: 'other', draws: 1000, seed: 0, miou: of(0.5, 0.45, 0.01, 0.08), perClass },
      ...{ won: 3, tied: 1, lost: 0, onlyInMasks: [], onlyInAgainst: [] },
    }
    const lines = await printed({ against })
    expect(lines).toContain('mean IoU 50.00 against 45.00: +5.00 (+1.00 to +8.00)')
    expect(lines).toContain(
      'pictures by their own mean IoU: better 3 (75.00 %), the same 1 (25.00 %), worse 0 (0.00 %)',
    )
    expect(lines.at(-1)).toMatch(/^boat +25\.00 +50\.00 +-25\.00 \(-30\.00 to 0\.00\)$/)
  })

  test('all of it with --json', async () => {
    const [line] = await printed({ bootstrap }, '--json')
    expect(JSON.parse(line!).bootstrap).toMatchObject({ seed: 3, miou: { low: 0.4, high: 0.6 } })
  })
})

test('errors name the options', async () => {
  const { evaluate } = await import('../../lib/runs/evaluate.js')
  const ran = await run([...words, '--bootstrap', '10'], { evaluate })
  expect(ran.err.join()).toMatch(/--bootstrap.*100 to 100,000, received 10\)/)
  expect(ran.err.join()).not.toMatch(/field bootstrap/)
})
