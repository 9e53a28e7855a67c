import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

  test('3.1: names the recipe of photographs, and that of drawn scenes for these', async () => {
    const root = mkdtempSync(join(tmpdir(), 'semples-check-'))
    const command = async () => (await run(['data', 'check', root])).out.at(-1)
    expect(await command()).toContain('--preset photos --stages classify --out')
    writeFileSync(join(root, 'scenes.json'), '{}')
    expect(await command()).toContain('--preset demo --out')
    const help = (await run(['train', '--help'])).out.join('\n')
    expect(help).toContain('semples train --data photos --preset photos --stages classify --out runs/first')
    expect(help).not.toMatch(/--data photos .*--preset demo/)
  })

  test('3.9: where pictures cannot be read, the command leaves them out', async () => {
    const found = {
      canTrain: true,
      kind: 'a folder of pictures',
      pictures: 2,
      unlabelled: 0,
      classes: [],
      unreadable: [{ id: 'a', image: '/a.jpg', reason: 'cut off' }],
      duplicates: [],
      findings: [{ level: 'warning' as const, message: '1 picture cannot be read.' }],
    }
    const ran = await run(['data', 'check', 'photos'], { checkData: async () => found })
    expect(ran.out.join('\n')).not.toContain('Training can start.')
    expect(ran.out.at(-2)).toBe(
      'Training can start without the picture that cannot be read. To try it, without a CLIP, type:',
    )
    expect(ran.out.at(-1)).toContain('--preset photos --stages classify --set loader.unreadable=skip --out')
  })

  test('2.2: a table by its name', async () => {
    const ran = await run(['data', 'check', 'photos', '--labels', 'cls_labels.npy', '--classes', 'voc2012'])
    expect(given(ran, 'checkData')).toMatchObject({ labels: 'cls_labels.npy', classes: 'voc2012' })
    const root = mkdtempSync(join(tmpdir(), 'semples-check-'))
    const converted = await run(['convert', '--data', root, '--labels', 'l.npy', '--classes', 'voc2012', '--out', 'x'])
    expect(given(converted, 'exportFolder')).toMatchObject({
      data: { folder: root, labels: 'l.npy', classes: 'voc2012' },
    })
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
