import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { FolderData } from '../../../lib/datasets/kinds/folder.js'
import { renderReport } from '../../../lib/report/renderReport.js'
import { generateMasks } from '../../../lib/runs/generateMasks.js'
import { gatherReport } from '../../../lib/runs/report/gather.js'
import { reportRun } from '../../../lib/runs/report.js'
import { trainSemPLeS } from '../../../lib/runs/trainSemPLeS.js'
import { writeShapes } from '../shapes.js'
import { filesOf, temporaryFolder, tinyRun } from '../tiny.js'

describe('a report of the masks to look at first', () => {
  let root: string
  let run: string
  let data: FolderData & { masks: string }
  beforeAll(async () => {
    root = await temporaryFolder()
    run = join(root, 'run')
    data = await writeShapes(root)
    await trainSemPLeS(tinyRun(data, run, { stages: ['classify'], epochs: 1, lr: 2 }))
  })

  test('shows them in the order of their review, with their scores, and judges as without', async () => {
    const out = join(root, 'made')
    const { review } = await generateMasks({ run, out, review: true })
    const report = await gatherReport({ run, review: out, pictures: 4 })
    expect(report.gallery.map(({ id, review: score }) => [`${id}.png`, score])).toEqual(
      review!.rows.slice(0, 4).map(({ picture, score }) => [picture, score]),
    )
    const html = await renderReport(report)
    const places = review!.rows.slice(0, 4).map(({ picture }) => html.indexOf(`>${picture.slice(0, -4)}</h3>`))
    expect(places).toEqual([...places].sort((one, other) => one - other))
    expect(places[0]).toBeGreaterThan(0)
    expect(html).toContain(`agreement ${review!.rows[0]!.score!.toFixed(2)}`)
    const plain = await gatherReport({ run, pictures: 4 })
    expect(plain.gallery.map(({ id }) => id)).not.toEqual(report.gallery.map(({ id }) => id))
    expect(plain.gallery.every((picture) => !('review' in picture))).toBe(true)
    expect(report.ablation).toEqual(plain.ablation)
    expect(await renderReport(plain)).not.toContain('agreement ')
  })

  test('tells of reviewed pictures that are not there, and refuses a review of others alone', async () => {
    const some = join(root, 'some.csv')
    await writeFile(some, 'picture,score\ngone.png,0.1\np04.png,0.2\np02.png,\n')
    const { gallery, notices } = await gatherReport({ run, review: some })
    expect(gallery.map(({ id, review }) => [id, review])).toEqual([
      ['p04', 0.2],
      ['p02', undefined],
    ])
    expect(notices.filter((notice) => notice.includes(some))).toEqual([
      `The review ${some} names 1 picture that folder ${data.folder} does not have.`,
    ])
    const others = join(root, 'others.csv')
    await writeFile(others, 'picture,score\ngone.png,0.1\n')
    const out = join(root, 'others.html')
    await expect(reportRun({ run, out, review: others })).rejects.toMatchObject({
      ...{ code: 'SEMPLES_PICTURE_MISSING', file: others, field: 'review', value: 'gone.png' },
      hint: expect.stringMatching(/--data/),
    })
    expect((await filesOf(root)).filter((name) => name.endsWith('.html'))).toEqual([])
  })

  test('a review that is none, or not there, is an error; it has no use without the gallery', async () => {
    await expect(reportRun({ run, review: data.labels! })).rejects.toMatchObject({ code: 'SEMPLES_DATA_FILE_INVALID' })
    await expect(reportRun({ run, review: join(root, 'no.csv') })).rejects.toMatchObject({
      code: 'SEMPLES_FILE_UNREADABLE',
    })
    await expect(reportRun({ run, review: 'masks', gallery: false })).rejects.toMatchObject({
      ...{ code: 'SEMPLES_OPTION_INVALID', field: 'review' },
    })
  })
})
