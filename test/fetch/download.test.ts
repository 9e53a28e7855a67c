import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from '@jest/globals'
import { downloadFile } from '../../lib/fetch/download.js'
import { placeOf } from '../../lib/fetch/downloads.js'
import type { FetchProgress } from '../../lib/fetch/progress.js'
import { type IndexFile, listIndexFiles } from '../../lib/fetch/simpleIndex.js'
import type { DownloadOptions } from '../../lib/fetch/transfer.js'
import { temporaryFolder } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'
import { mountTinyDisk } from '../support/tinyDisk.js'
import { answer, cutOff, type IndexServer, noRanges, type Serve, startIndex } from './indexServer.js'

const name = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl'
const content = randomBytes(1_000_000)
const sha256 = createHash('sha256').update(content).digest('hex')
const damaged = { code: 'SEMPLES_FETCH_FAILED', message: expect.stringContaining('damaged') }
const quick: DownloadOptions = { pauses: [1, 2, 3] }
let server: IndexServer | undefined
let target: IndexServer | undefined

afterEach(async () => {
  await server?.close()
  await target?.close()
  server = target = undefined
})

async function serving(serve: Serve, options: Partial<Parameters<typeof startIndex>[0]> = {}): Promise<IndexFile> {
  server = await startIndex({ files: { [name]: content }, format: 'json', sizes: true, serve, ...options })
  return (await listIndexFiles(server.url, 'torch'))[0]!
}

/** Puts the first bytes of a file where an interrupted download would have left them. */
function leave(folder: string, file: IndexFile, bytes: Uint8Array): void {
  const place = placeOf(folder, file)
  mkdirSync(dirname(place), { recursive: true })
  writeFileSync(place, bytes)
}

const at = (bytes: number) => `GET ${name} bytes=${bytes}-`

describe('a connection that breaks at 40 %', () => {
  test.each(['html', 'json'] as const)('the same call goes on there (%s)', async (format) => {
    const folder = temporaryFolder()
    const seen: FetchProgress[] = []
    const file = await serving(cutOff(0.4), { format })
    const path = await downloadFile(file, folder, { ...quick, onProgress: (each) => seen.push(each) })
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(server?.fileRequests()).toEqual([`GET ${name}`, at(400_000)])
    const messages = [...new Set(seen.map(({ message }) => message))]
    expect(messages).toEqual([
      `Downloading ${name}, 1.0 MB, from ${new URL(file.url).host} into ${folder}`,
      expect.stringMatching(/broke off: .*\. Trying again in 0\.001 s$/),
      `Downloading ${name}, 1.0 MB (0.4 MB of them are there), from ${new URL(file.url).host} into ${folder}`,
    ])
    expect(seen.map(({ doneBytes }) => doneBytes)).toEqual(
      [...seen.map(({ doneBytes }) => doneBytes)].sort((a, b) => a - b),
    )
    expect(seen.at(-1)).toMatchObject({ phase: 'download', doneBytes: 1e6, totalBytes: 1e6 })
  })

  test('where no try gets further it is given up, and the next call goes on', async () => {
    const folder = temporaryFolder()
    const stuck: Serve = (file, request, response, count) =>
      answer(file, request, response, count < 4 ? 400_000 : file.length)
    const file = await serving(stuck)
    await expect(downloadFile(file, folder, quick)).rejects.toMatchObject({
      code: 'SEMPLES_FETCH_FAILED',
      message: expect.stringMatching(/broke off.*0\.4 MB of it are kept/),
    })
    expect(server?.fileRequests()).toHaveLength(4)
    expect(readFileSync(await downloadFile(file, folder)).equals(content)).toBe(true)
    expect(server?.fileRequests().at(-1)).toBe(at(400_000))
  })

  test('as often as it takes while each try gets further', async () => {
    const bitByBit: Serve = (file, request, response, count) =>
      answer(file, request, response, Math.min(file.length, (count + 1) * 100_000))
    const path = await downloadFile(await serving(bitByBit), temporaryFolder(), quick)
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(server?.fileRequests()).toHaveLength(10)
  })

  test('a server without ranges: from the start', async () => {
    const path = await downloadFile(await serving(cutOff(0.4, noRanges)), temporaryFolder(), quick)
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(server?.fileRequests()).toEqual([`GET ${name}`, at(400_000)])
  })

  test('an abort while it waits to try again keeps the part', async () => {
    const folder = temporaryFolder()
    const controller = new AbortController()
    const onProgress = ({ message }: FetchProgress) =>
      message.includes('Trying again') && controller.abort(new Error('enough'))
    const file = await serving(cutOff(0.4))
    const options = { onProgress, signal: controller.signal, pauses: [60_000] }
    await expect(downloadFile(file, folder, options)).rejects.toThrow('enough')
    expect(readFileSync(placeOf(folder, file)).equals(content.subarray(0, 400_000))).toBe(true)
  })
})

test('a server that closes each connection after its answer, faster than the disk', async () => {
  const large = randomBytes(20_000_000)
  const closing: Serve = (file, _request, response) =>
    void response.writeHead(200, { 'content-length': file.length, connection: 'close' }).end(file)
  const file = await serving(closing, { files: { [name]: large } })
  expect(readFileSync(await downloadFile(file, temporaryFolder())).equals(large)).toBe(true)
  expect(server?.fileRequests()).toHaveLength(1)
})

test('a redirect to another host: the range goes along, the password does not', async () => {
  target = await startIndex({ files: { [name]: content }, format: 'json', serve: cutOff(0.4) })
  const { url } = target
  const redirecting: Serve = (_file, request, response) =>
    void response.writeHead(302, { location: `${url.replace('/simple', '')}${request.url}` }).end()
  await serving(redirecting)
  const file = { ...(await listIndexFiles(server!.url, 'torch'))[0]! }
  file.url = file.url.replace('http://', 'http://name:password@')
  expect(readFileSync(await downloadFile(file, temporaryFolder(), quick)).equals(content)).toBe(true)
  expect(server?.requests.at(-1)?.headers.authorization).toBeDefined()
  expect(target.fileRequests()).toEqual([`GET ${name}`, at(400_000)])
  expect(target.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
})

describe('what lies on disk from before', () => {
  test.each([true, false])('the whole file: nothing is asked, whether its size is known (%s)', async (sizes) => {
    const folder = temporaryFolder()
    const file = await serving(noRanges, { sizes })
    leave(folder, file, content)
    expect(readFileSync(await downloadFile(file, folder)).equals(content)).toBe(true)
    expect(server?.fileRequests()).toEqual([])
  })

  test.each([
    ['other bytes', Buffer.alloc(300_000)],
    ['more than the file has', Buffer.concat([content, content])],
    ['as much as the file has, but other bytes', Buffer.alloc(content.length)],
  ])('%s: from the start, once', async (_, bytes) => {
    const folder = temporaryFolder()
    const file = await serving((...all) => answer(all[0], all[1], all[2], all[0].length))
    leave(folder, file, bytes)
    expect(readFileSync(await downloadFile(file, folder)).equals(content)).toBe(true)
    expect(server?.fileRequests().at(-1)).toBe(`GET ${name}`)
    expect(server?.fileRequests().length).toBeLessThanOrEqual(2)
  })

  test('a server that has another file by now: from the start', async () => {
    const folder = temporaryFolder()
    const changed: Serve = (file, request, response, count) => {
      if (count > 0) answer(file, request, response, file.length)
      else response.writeHead(206, { 'content-range': 'bytes 300000-2/3' }).end('x')
    }
    const file = await serving(changed)
    leave(folder, file, content.subarray(0, 300_000))
    expect(readFileSync(await downloadFile(file, folder)).equals(content)).toBe(true)
    expect(server?.fileRequests()).toEqual([at(300_000), `GET ${name}`])
  })

  test('a server that compresses: sizes are those of the file, and ranges of the compressed bytes are not used', async () => {
    const folder = temporaryFolder()
    const packed = gzipSync(content)
    const compressing: Serve = (_, request, response) => {
      const { range } = request.headers
      const part = range === undefined ? {} : { 'content-range': `bytes 300000-999999/1000000` }
      response.writeHead(range === undefined ? 200 : 206, { 'content-encoding': 'gzip', ...part }).end(packed)
    }
    const seen: FetchProgress[] = []
    const file = await serving(compressing)
    leave(folder, file, content.subarray(0, 300_000))
    const path = await downloadFile(file, folder, { onProgress: (each) => seen.push(each) })
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(seen.at(-1)).toMatchObject({ doneBytes: 1e6, totalBytes: 1e6 })
    expect(server?.requests.at(-1)?.headers['accept-encoding']).toBe('identity')
  })

  test('a part of another file stays where it is', async () => {
    const folder = temporaryFolder()
    const file = await serving(noRanges)
    const other = { ...file, sha256: 'ab'.repeat(32) }
    leave(folder, other, Buffer.alloc(5))
    await downloadFile(file, folder)
    expect(server?.fileRequests()).toEqual([`GET ${name}`])
    expect(readFileSync(placeOf(folder, other))).toHaveLength(5)
  })
})

describe('what cannot be fetched', () => {
  test('a wrong hash: the file is deleted, and not fetched twice', async () => {
    const folder = temporaryFolder()
    const file = await serving(noRanges, { sha256: 'ab'.repeat(32) })
    await expect(downloadFile(file, folder)).rejects.toMatchObject({ ...damaged, value: sha256 })
    expect(readdirSync(folder)).toEqual([])
    expect(server?.fileRequests()).toHaveLength(1)
  })

  test('a wrong hash of a continued file: fetched once from the start', async () => {
    const folder = temporaryFolder()
    const file = await serving(cutOff(0.4), { sha256: 'ab'.repeat(32) })
    await expect(downloadFile(file, folder, quick)).rejects.toMatchObject(damaged)
    expect(readdirSync(folder)).toEqual([])
    expect(server?.fileRequests()).toEqual([`GET ${name}`, at(400_000), `GET ${name}`])
  })

  test('a server that is busy is asked again, one that refuses is not', async () => {
    const busy: Serve = (file, request, response, count) => {
      if (count < 2) response.writeHead(count === 0 ? 503 : 429).end()
      else answer(file, request, response, file.length)
    }
    const file = await serving(busy)
    expect(existsSync(await downloadFile(file, temporaryFolder(), quick))).toBe(true)
    await server?.close()
    const forbidden = await serving((_file, _request, response) => void response.writeHead(403).end())
    await expect(downloadFile(forbidden, temporaryFolder(), quick)).rejects.toMatchObject({
      code: 'SEMPLES_FETCH_FAILED',
      message: expect.stringMatching(/answered 403/),
    })
    expect(server?.fileRequests()).toHaveLength(1)
  })

  test('a file that the index calls by a path stays in the folder', async () => {
    const folder = temporaryFolder()
    const file = await serving(noRanges)
    const path = await downloadFile({ ...file, name: '../../evil.whl' }, folder)
    expect(dirname(dirname(path))).toBe(folder)
  })
})

describe('space', () => {
  test('is asked for before the first byte, with what is unpacked', async () => {
    const folder = temporaryFolder()
    const file = await serving(noRanges)
    await expect(downloadFile(file, folder, { unpacked: 1e12 })).rejects.toMatchObject({
      code: 'SEMPLES_WRITE_FAILED',
      message: expect.stringMatching(/not enough space .* are needed.*SEMPLES_CACHE/),
    })
    expect(readdirSync(folder)).toEqual([])
  })

  needs('mount').test('that runs out while writing is said, and nothing is left', async () => {
    const disk = mountTinyDisk(400)!
    try {
      // Of unknown size, so that nothing can be said before.
      const streaming: Serve = (file, _request, response) => {
        response.writeHead(200)
        response.write(file.subarray(0, 500_000))
        response.end(file.subarray(500_000))
      }
      const file = await serving(streaming, { sizes: false })
      await expect(downloadFile(file, disk.path)).rejects.toMatchObject({
        code: 'SEMPLES_WRITE_FAILED',
        message: expect.stringMatching(/not enough space.*SEMPLES_CACHE/),
      })
    } finally {
      disk.remove()
    }
  })
})
