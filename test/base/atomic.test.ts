import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { writeAtomic, writeJsonAtomic } from '../../lib/base/atomic.js'
import { SemplesError } from '../../lib/base/error.js'
import { JsonlLog, readJsonl } from '../../lib/formats/jsonl.js'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { needs } from '../support/needs.js'
import { dropPrivileges } from '../support/privileges.js'
import { mountTinyDisk, type TinyDisk } from '../support/tinyDisk.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-atomic-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('writeAtomic', () => {
  test('text, bytes, chunks and JSON, in folders that did not exist', async () => {
    await writeAtomic(join(folder, 'a/b/text'), 'é')
    await writeAtomic(join(folder, 'bytes'), Uint8Array.of(1, 2))
    await writeAtomic(join(folder, 'chunks'), [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)])
    await writeJsonAtomic(join(folder, 'json'), { a: [1] })
    expect(await readFile(join(folder, 'a/b/text'), 'utf8')).toBe('é')
    expect([...(await readFile(join(folder, 'bytes')))]).toEqual([1, 2])
    expect([...(await readFile(join(folder, 'chunks')))]).toEqual([1, 2, 3])
    expect(JSON.parse(await readFile(join(folder, 'json'), 'utf8'))).toEqual({ a: [1] })
    expect((await readdir(folder)).sort()).toEqual(['a', 'bytes', 'chunks', 'json'])
  })

  test('many writers of one file leave one whole content', async () => {
    const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000))
    await Promise.all(contents.map((content) => writeAtomic(join(folder, 'x'), content)))
    expect(contents).toContain(await readFile(join(folder, 'x'), 'utf8'))
    expect(await readdir(folder)).toEqual(['x'])
  })

  test('the old content stays where the new cannot be written', async () => {
    await writeAtomic(join(folder, 'x'), 'old')
    const broken = (function* () {
      yield Uint8Array.of(1)
      throw new Error('source failed')
    })()
    await expect(writeAtomic(join(folder, 'x'), broken)).rejects.toMatchObject({ code: 'SEMPLES_WRITE_FAILED' })
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['x'])
  })

  test('chunks that are made meanwhile; what is wrong with them is said as it is', async () => {
    const chunks = async function* (error?: Error) {
      yield 'é'
      yield Uint8Array.of(33)
      if (error !== undefined) throw error
    }
    await writeAtomic(join(folder, 'x'), chunks())
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('é!')
    const wrong = new SemplesError('SEMPLES_MASK_SIZE', { message: 'Wrong.' })
    await expect(writeAtomic(join(folder, 'x'), chunks(wrong))).rejects.toBe(wrong)
    expect(await readFile(join(folder, 'x'), 'utf8')).toBe('é!')
    expect(await readdir(folder)).toEqual(['x'])
  })

  test('a folder of that name, a file in the way, a path beyond all bounds', async () => {
    await mkdir(join(folder, 'dir'))
    await writeFile(join(folder, 'dir', 'content'), '')
    await writeFile(join(folder, 'file'), '')
    for (const path of ['dir', 'file/x', 'x'.repeat(300)]) {
      await expect(writeAtomic(join(folder, path), 'new')).rejects.toMatchObject({
        code: 'SEMPLES_WRITE_FAILED',
        file: join(folder, path),
      })
    }
    expect((await readdir(folder)).sort()).toEqual(['dir', 'file'])
  })

  test('a folder without the right to write', async () => {
    await chmod(folder, 0o555)
    const restore = dropPrivileges()
    try {
      await expect(writeAtomic(join(folder, 'x'), '')).rejects.toMatchObject({
        code: 'SEMPLES_WRITE_FAILED',
        hint: expect.stringMatching(/may write/),
      })
    } finally {
      restore()
      await chmod(folder, 0o700)
    }
  })
})

needs('mount').describe('on a full disk', () => {
  let full: TinyDisk
  beforeAll(() => {
    full = mountTinyDisk(64) as TinyDisk
  })
  afterAll(() => full.remove())

  test('a file is written whole or not at all', async () => {
    const path = join(full.path, 'model.safetensors')
    const tensors = (count: number) => ({
      a: { dtype: 'float32' as const, shape: [count], data: new Float32Array(count).fill(1) },
    })
    await writeSafetensors(path, tensors(1000))
    await expect(writeSafetensors(path, tensors(100_000))).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
      file: path,
      hint: expect.stringMatching(/disk is full/),
    })
    expect(await readdir(full.path)).toEqual(['model.safetensors'])
    expect((await readSafetensors(path)).tensors).toEqual(tensors(1000))
    await rm(path)
  })

  test('a log ends with a whole record and goes on when there is room', async () => {
    const path = join(full.path, 'metrics.jsonl')
    const log = await JsonlLog.open(path)
    await log.append({ step: 1 })
    await writeFile(join(full.path, 'ballast'), new Uint8Array(48 * 1024))
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, () => log.append({ step: 2, text: 'x'.repeat(6000) })),
    )
    expect(results.map(({ status }) => status)).toContain('rejected')
    const failed = results.find((result) => result.status === 'rejected')
    expect(failed?.reason).toMatchObject({ code: 'SEMPLES_WRITE_FAILED', file: path })
    expect((await readFile(path, 'utf8')).endsWith('}\n')).toBe(true)
    await rm(join(full.path, 'ballast'))
    await log.append({ step: 3 })
    await log.close()
    const steps = (await readJsonl(path)).map(({ step }) => step)
    expect(steps[0]).toBe(1)
    expect(steps.at(-1)).toBe(3)
  })
})
