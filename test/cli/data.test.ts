import { describe, expect, test } from '@jest/globals'
import { given, run } from './fakes.js'

describe('semples data check', () => {
  test('prints what was found', async () => {
    const ran = await run(['data', 'check', 'my photos', '--labels', 'l.csv', '--split', 'val'])
    expect([ran.status, ran.err]).toEqual([0, []])
    expect(given(ran, 'checkData')).toMatchObject({ data: 'my photos', labels: 'l.csv', split: 'val' })
    expect(ran.out).toEqual([
      'my photos is taken for a folder of pictures',
      '  labels   labels.csv: header file,labels, 3 pictures, 2 classes',
      '  pictures 3 pictures, 2 with labels',
      '  masks    none, and training needs none',
      '',
      'Classes',
      '  id  class  pictures                            name for CLIP',
      '   1  boat          2  ========================  "sailing boat"',
      '   2  cat           0',
      '',
      'What to know',
      '! No picture shows cat.',
      '  Add pictures of it.',
      '',
      'Training can start. To try it, without a CLIP, type:',
      "  npx semples train --data 'my photos' --labels l.csv --preset photos --stages classify --out runs/first",
    ])
  })

  test('exits with 1 where training cannot start, in JSON too', async () => {
    const stopped = {
      canTrain: false,
      kind: 'a folder of pictures',
      pictures: 0,
      unlabelled: 0,
      classes: [],
      unreadable: [],
      duplicates: [],
      findings: [
        { level: 'stop' as const, message: `No label ${'in a long sentence '.repeat(8)}.`, advice: 'Label them.' },
      ],
    }
    const jobs = { checkData: async () => stopped }
    const ran = await run(['data', 'check', 'photos'], jobs)
    expect(ran.status).toBe(1)
    expect(ran.out.at(-1)).toBe('Training cannot start.')
    expect(ran.out.every((line) => line.length <= 100)).toBe(true)
    const json = await run(['data', 'check', 'photos', '--json'], jobs)
    expect([json.status, json.out.map((line) => JSON.parse(line))]).toEqual([1, [stopped]])
  })

  test('needs a folder', async () => {
    expect((await run(['data', 'check'])).status).toBe(2)
    expect((await run(['data'])).status).toBe(2)
  })
})
