import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { renderReport } from '../../lib/report/renderReport.js'
import { writeReport } from '../../lib/report/writeReport.js'
import { emptyReport } from './extremes.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-report-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('writes the page, and the folders that it needs', async () => {
  const file = join(folder, 'a run', 'späte', 'report.html')
  await writeReport(file, emptyReport())
  expect(await readFile(file, 'utf8')).toBe(await renderReport(emptyReport()))
  expect(await readdir(join(folder, 'a run', 'späte'))).toEqual(['report.html'])
})

test('replaces an older page', async () => {
  const file = join(folder, 'report.html')
  await writeReport(file, { ...emptyReport(), title: 'Older' })
  await writeReport(file, { ...emptyReport(), title: 'Newer' })
  expect(await readFile(file, 'utf8')).toContain('<title>Newer</title>')
})

test.each(['labels.csv', 'page.html'])('replaces nothing but its own pages: %s', async (name) => {
  const file = join(folder, name)
  await writeFile(file, '<html><head><title>mine</title></head>')
  await expect(writeReport(file, emptyReport())).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS', file })
  expect(await readFile(file, 'utf8')).toContain('mine')
  await expect(writeReport(folder, emptyReport())).rejects.toMatchObject({ code: 'SEMPLES_OUTPUT_EXISTS' })
})

test('says where it could not write, and leaves nothing', async () => {
  const file = join(folder, 'taken', 'report.html')
  await writeFile(join(folder, 'taken'), 'a file')
  await expect(writeReport(file, emptyReport())).rejects.toMatchObject({ code: 'SEMPLES_WRITE_FAILED', file })
  expect(await readdir(folder)).toEqual(['taken'])
})

test('leaves the older page as it was where drawing the new one fails', async () => {
  const file = join(folder, 'report.html')
  await writeReport(file, emptyReport())
  const older = await readFile(file, 'utf8')
  const mask = { width: 1, height: 1, data: Uint8Array.of(9) }
  const picture = { id: 'a', width: 1, height: 1, pixels: new Uint8Array(3), labels: [], labelSource: 'given' as const }
  const result = { name: 'cam', cams: new Float32Array(0), mask }
  const report = { ...emptyReport(), gallery: [{ ...picture, truth: mask, results: [result], promptMaps: [] }] }
  await expect(writeReport(file, report)).rejects.toMatchObject({ code: 'SEMPLES_MASK_CLASS' })
  expect(await readFile(file, 'utf8')).toBe(older)
})
