import { beforeAll, expect, test } from '@jest/globals'
import { inspectFile } from '../../../lib/api.js'
import { needs } from '../../support/needs.js'
import { runScript } from '../../support/python.js'
import { factsOf, inspectionFolder } from './folder.js'

const { root, at } = inspectionFolder()

needs('python').describe('arrays that NumPy and PyTorch wrote', () => {
  let told: { maps: number[]; stack: number[]; labels: Record<string, number> }
  beforeAll(async () => {
    told = JSON.parse(await runScript('test/runs/inspect/arrays.py', root))
  })

  test.each([
    ['weaktr.npy', [1, 15]],
    ['irn.npy', [1, 15]],
    ['ids.npz', [1, 15]],
    ['names.npz', [6, 15]],
    ['cams.pt', [2, 4]],
  ])('%s: score maps with their classes', async (name, classIds) => {
    const { kind, maps, next, refused } = await inspectFile(at(name))
    expect([kind, refused]).toEqual(['maps', undefined])
    expect(maps).toMatchObject({ shape: [2, 5, 7], dtype: 'float32', classIds })
    expect([maps!.range!.min, maps!.range!.max]).toEqual(told.maps)
    expect(next!.commands[0]).toBe(
      `npx semples refine --images DIR --cams ${root}${name === 'names.npz' ? ' --class-table voc2012' : ''} --out refined`,
    )
  })

  test('an array alone: which classes so many maps are most likely of, and what raw numbers are', async () => {
    const { found, 'taken for': taken } = await factsOf(at('stack.npy'))
    expect(found.maps).toMatchObject({ shape: [21, 5, 7], dtype: 'float16' })
    expect(found.maps!.classIds).toBeUndefined()
    expect([found.maps!.range!.min, found.maps!.range!.max]).toEqual(told.stack)
    expect(taken).toContain('no probabilities')
    expect(found.notes.join(' ')).toContain('the background and 20 classes')
    expect(found.next!.commands[0]).toContain(' --classes 0-20 --scores raw ')
  })

  test('keys of a dictionary that count from 0 are told from class ids', async () => {
    expect((await factsOf(at('weaktr.npy'))).classes).toContain('--class-offset 0')
    expect((await factsOf(at('ids.npz'))).classes).toBe('1, 15')
  })

  test('a label map: its ids with their shares', async () => {
    const { kind, mask } = await inspectFile(at('labels.npy'))
    expect(kind).toBe('mask')
    expect(Object.fromEntries(mask!.ids.map(({ id, share }) => [String(id), share]))).toEqual(told.labels)
  })

  test('a picture without a class', async () => {
    expect((await inspectFile(at('empty.npy'))).maps).toEqual({ shape: [0, 0, 0], classIds: [] })
  })

  test('vectors by picture are labels', async () => {
    const { kind, labels, next } = await inspectFile(at('cls_labels.npy'))
    expect([kind, labels!.pictures]).toEqual(['labels', 5])
    expect(next!.commands).toEqual([`npx semples data check DIR --labels ${at('cls_labels.npy')} --classes voc2012`])
  })

  test('names that no table has are refused with what to give', async () => {
    await expect(inspectFile(at('unknown.npz'))).rejects.toMatchObject({
      code: 'SEMPLES_CAM_INVALID',
      hint: expect.stringContaining('--class-table'),
    })
  })
})
