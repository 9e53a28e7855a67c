import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { JsonlLog, readJsonl } from '../../lib/formats/jsonl.js'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'semples-jsonl-'))
  path = join(folder, 'metrics.jsonl')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('JsonlLog', () => {
  test('records come back in the order they were appended, also when the appends overlap', async () => {
    const log = await JsonlLog.open(path)
    const steps = Array.from({ length: 200 }, (_, step) => step)
    await Promise.all(steps.map((step) => log.append({ step, text: 'line\nbreak é' })))
    await log.close()
    expect((await readJsonl(path)).map(({ step }) => step)).toEqual(steps)
    expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(201)
  })

  test('opening again goes on after the last record', async () => {
    for (const step of [1, 2, 3]) {
      const log = await JsonlLog.open(path)
      await log.append({ step })
      await log.close()
    }
    expect(await readJsonl(path)).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }])
  })

  test('whatever a crash cut off is dropped, at every length', async () => {
    const whole = '{"step":1}\n{"step":2,"text":"é"}\n'
    const bytes = Buffer.from(whole)
    for (let length = 0; length <= bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length))
      const log = await JsonlLog.open(path)
      await log.append({ step: 9 })
      await log.close()
      const before = length < 11 ? [] : length < bytes.length ? [1] : [1, 2]
      expect((await readJsonl(path)).map(({ step }) => step)).toEqual([...before, 9])
    }
  })

  test('a resumed run drops the records after its checkpoint', async () => {
    await writeFile(path, '{"epoch":1}\n{"epoch":2}\n{"epoch":3}\n{"epoch":1}\n')
    const log = await JsonlLog.open(path, ({ epoch }) => Number(epoch) <= 2)
    await log.append({ epoch: 3 })
    await log.close()
    expect(await readFile(path, 'utf8')).toBe('{"epoch":1}\n{"epoch":2}\n{"epoch":3}\n')
  })

  test.each(['{"a":1}\nnot json\n{"b":2}\n', '{"a":1}\n[1]\n', '{"a":1}\n\n{"b":2}\n', '{"a":1}\n3\n'])(
    'reading stops at the first line that is no record: %j',
    async (text) => {
      await writeFile(path, text)
      expect(await readJsonl(path)).toEqual([{ a: 1 }])
    },
  )

  test('an absent file is empty, a folder in its place an error', async () => {
    expect(await readJsonl(path)).toEqual([])
    await expect(JsonlLog.open(folder)).rejects.toMatchObject({ code: 'SEMPLES_FILE_UNREADABLE', file: folder })
    await expect(JsonlLog.open(join(folder, 'no/metrics.jsonl'))).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
    })
  })
})
