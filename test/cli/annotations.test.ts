import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import type { Cli } from '../../lib/cli/cli.js'
import { annotationsCommand } from '../../lib/cli/commands/annotations.js'
import { annotationFormatNames } from '../../lib/runs/annotations/formats.js'
import { given, run } from './fakes.js'

const words = ['annotations', '--masks', 'masks', '--images', 'photos']

describe('annotations', () => {
  test('says what was written, what was left out, and where it is opened', async () => {
    const ran = await run([...words, '--format', 'cvat', '--out', 'boats.xml'])
    expect([ran.status, ran.err]).toEqual([0, []])
    // No LibTorch is fetched for it.
    expect(ran.calls.map(([name]) => name)).toEqual(['exportMasks'])
    expect(ran.out).toEqual([
      '2 parts of fewer pixels than --min-area were left out.',
      '1 picture of the folder has no mask.',
      `7 objects of 3 pictures are in ${resolve('boats.xml')} (cvat)`,
      expect.stringContaining('Upload annotations'),
    ])
  })

  test('options reach the job', async () => {
    const more = [
      '--classes',
      'voc2012',
      '--shapes',
      'polygons',
      '--tolerance',
      '0.5',
      '--min-area',
      '20',
      '--per-class',
    ]
    const ran = await run([...words, '--format', 'coco', '--out', 'a.json', ...more, '--exif', 'ignore', '--json'])
    expect(given(ran, 'exportMasks')).toMatchObject({
      masks: 'masks',
      images: 'photos',
      format: 'coco',
      out: 'a.json',
      classes: 'voc2012',
      shapes: 'polygons',
      tolerance: 0.5,
      minArea: 20,
      perClass: true,
      exif: 'ignore',
    })
    expect(JSON.parse(ran.out.at(-1)!)).toMatchObject({ objects: 7, failed: [] })
  })

  test('masks that fail are named once for each reason, with exit status 1', async () => {
    const error = (mask: string) => ({
      mask,
      error: new SemplesError('SEMPLES_MASK_SIZE', { message: `The mask ${mask} has another size.`, file: mask }),
    })
    const result = {
      out: '/a',
      format: 'labelme',
      pictures: 1,
      kept: 1,
      objects: 1,
      small: 0,
      withoutMask: 0,
      classes: [],
    }
    const ran = await run([...words, '--format', 'labelme', '--out', 'a'], {
      exportMasks: async () => ({ ...result, format: 'labelme' as const, failed: ['m1.png', 'm2.png'].map(error) }),
    })
    expect(ran.status).toBe(1)
    expect(ran.out).toEqual([
      'm1.png: The mask m1.png has another size.',
      '  the same: m2.png',
      '2 masks could not be written.',
      '1 file of an earlier call stays as it is.',
      '1 object of 1 picture is in /a (labelme)',
      expect.stringContaining('--output /a'),
    ])
  })

  test('the formats are those of the library', () => {
    const { argChoices } = annotationsCommand({} as Cli).options.find(({ long }) => long === '--format')!
    expect(argChoices).toEqual(annotationFormatNames)
  })

  test.each([
    [[...words, '--out', 'a.json'], /--format/],
    [[...words, '--format', 'coco'], /--out/],
    [[...words, '--format', 'yolo', '--out', 'a'], /yolo.*coco, labelme, cvat/],
    [[...words, '--format', 'coco', '--out', 'a.json', '--tolerance', '-1'], /0 or more/],
    [[...words, '--format', 'coco', '--out', 'a.json', '--shapes', 'boxes'], /polygons, masks/],
  ])('%j is refused', async (line, message) => {
    const ran = await run(line)
    expect([ran.status, ran.calls, ran.out]).toEqual([2, [], []])
    expect(ran.err.join('\n')).toMatch(message)
  })
})
