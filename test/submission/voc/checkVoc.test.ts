import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import type { SubmissionFinding } from '../../../lib/submission/types.js'
import { checkVocSubmission } from '../../../lib/submission/voc/checkVoc.js'
import { temporaryFiles } from '../../datasets/temporaryFiles.js'
import { needs } from '../../support/needs.js'
import { type Judged, judgedInPython, runPythonFile } from './judged.js'

/** Pillow reads no further than the header says, and so sees nothing in these bytes. */
const NOT_COMPARED = ['bomb']

/** Problems of an archive by name, as the validator prints them. */
function byProblem(findings: readonly SubmissionFinding[]): Record<string, string[]> {
  return Object.fromEntries(findings.map(({ problem, files }) => [problem, [...files].sort()]))
}

needs('python').describe('archives that tarfile, zipfile and Pillow made', () => {
  let root: string
  let judged: Record<string, Judged>
  const check = (name: string, more = {}) =>
    checkVocSubmission(join(root, `${name}.tgz`), {
      list: join(root, 'list/test.txt'),
      images: join(root, 'images'),
      ...more,
    })

  beforeAll(async () => {
    root = join(await temporaryFiles({}), 'archives')
    await runPythonFile('archives.py', root)
    const files = (await readdir(root)).filter((name) => name.endsWith('.tgz')).map((name) => join(root, name))
    judged = await judgedInPython(join(root, 'list/test.txt'), join(root, 'images'), files)
  }, 60_000)

  test('are judged as by the validator in Python, file by file', async () => {
    const names = Object.keys(judged).filter((name) => !NOT_COMPARED.includes(name))
    expect(names.length).toBeGreaterThan(55)
    const kinds = new Set<string>()
    for (const name of names) {
      const { findings, canSubmit } = await check(name)
      // What lies before the damage depends on the size of the chunks that are read.
      const isDamaged = 'damaged' in judged[name]!.problems
      const kept = isDamaged ? findings.filter(({ problem }) => problem === 'damaged') : findings
      expect([name, byProblem(kept)]).toEqual([name, judged[name]!.problems])
      const harmless = ['mac-file', 'other-file', 'not-compressed']
      expect([name, canSubmit]).toEqual([
        name,
        Object.keys(judged[name]!.problems).every((kind) => harmless.includes(kind)),
      ])
      for (const { problem, count, files, message, advice } of findings) {
        kinds.add(problem)
        expect([files.length, message.endsWith('.'), advice.length > 10]).toEqual([files.length && count, true, true])
      }
    }
    expect(kinds.size).toBe(17)
  })

  test('right ones have nothing to say of, and nothing of any archive is written', async () => {
    const { findings, ...facts } = await check('good')
    const folders = ['results/VOC2012/Segmentation/comp6_test_cls']
    expect([findings, facts]).toEqual([[], { canSubmit: true, folders, listed: 4, pictures: 4 }])
    for (const path of ['/semples-escaped.png', join(root, '../../escaped.png'), join(root, '../escaped.png')])
      expect([path, existsSync(path)]).toEqual([path, false])
    expect((await readdir(root)).filter((name) => !name.endsWith('.tgz')).sort()).toEqual(['images', 'list'])
  })

  test('a PNG whose pixels unpack to more than its header says is not unpacked', async () => {
    expect((await check('bomb')).findings).toMatchObject([{ problem: 'not-png', count: 1 }])
  })

  test('competition and set decide the folder', async () => {
    const wrong = await check('good', { competition: 'comp5' })
    expect(wrong.findings).toMatchObject([{ problem: 'folder', count: 4 }])
    expect((await check('val-folder', { set: 'val' })).findings).toEqual([])
    expect((await check('good-comp5', { competition: 'comp5' })).canSubmit).toBe(true)
  })

  test('sizes are compared with the pictures, where they are given', async () => {
    expect((await check('size', { images: undefined })).canSubmit).toBe(true)
    const { findings } = await check('size')
    expect(findings[0]!.message).toMatch(
      /^1 PNG has another size than the picture: comp6_test_cls\/2007_000039\.png \(\d+x\d+, its picture is \d+x\d+\)\.$/,
    )
  })

  test('what is seen is told', async () => {
    const seen = async (name: string) => (await check(name)).findings.map(({ message }) => message).join('\n')
    expect(await seen('zip')).toBe('The archive is a zip archive; the judge takes gzipped tar.')
    expect(await seen('cut')).toBe('The archive cannot be read to its end: unexpected end of file.')
    expect(await seen('compressed-twice')).toBe('The archive is compressed twice.')
    expect(await seen('truecolour')).toContain('(8-bit truecolour)')
    expect(await seen('sorted-palette')).toContain('128, 0, 0 for 0, VOC has 0, 0, 0')
    expect(await seen('symlink')).toContain('(SymbolicLink)')
    expect(await seen('missing')).toBe('1 picture has no mask: 2009_004001.')
  })
})

describe('refusals', () => {
  test.each([
    [
      'no archive',
      { archive: 'gone.tgz' },
      { code: 'SEMPLES_FILE_UNREADABLE', file: expect.stringContaining('gone.tgz') },
    ],
    ['a folder', { archive: '.' }, { code: 'SEMPLES_FILE_UNREADABLE' }],
    ['no list', { list: 'gone/test.txt' }, { code: 'SEMPLES_FILE_UNREADABLE' }],
    ['an empty list', { list: 'empty/test.txt' }, { code: 'SEMPLES_DATA_FILE_INVALID' }],
    ['a list of no set', { list: 'ids.txt' }, { code: 'SEMPLES_OPTION_INVALID', field: 'set' }],
    [
      'a competition that there is not',
      { competition: 'comp7' },
      { code: 'SEMPLES_OPTION_INVALID', field: 'competition' },
    ],
    ['no folder of pictures', { images: 'gone' }, { code: 'SEMPLES_FILE_UNREADABLE', field: 'images' }],
    ['pictures that lack one', { images: 'images' }, { code: 'SEMPLES_PICTURE_MISSING' }],
  ])('%s', async (_, { archive = 'a.tgz', ...changes }: Record<string, string>, expected) => {
    const root = await temporaryFiles({
      'a.tgz': Buffer.from('1f8b', 'hex'),
      'test.txt': 'one\n',
      'ids.txt': 'one\n',
      'empty/test.txt': '\n',
      'images/two.jpg': 9,
    })
    const options = { list: 'test.txt', ...changes }
    const paths = Object.fromEntries(
      Object.entries(options).map(([name, text]) => [name, name === 'competition' ? text : join(root, text)]),
    )
    await expect(checkVocSubmission(join(root, archive), paths as { list: string })).rejects.toMatchObject(expected)
  })

  test('an aborted check ends with the reason', async () => {
    const root = await temporaryFiles({ 'a.tgz': 'x', 'test.txt': 'one\n' })
    const reason = new Error('enough')
    const options = { list: join(root, 'test.txt'), signal: AbortSignal.abort(reason) }
    await expect(checkVocSubmission(join(root, 'a.tgz'), options)).rejects.toBe(reason)
  })
})
