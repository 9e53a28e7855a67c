import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { FetchProgress } from '../../lib/fetch/progress.js'
import { removeWeights } from '../../lib/weights/cache.js'
import type { KnownWeights } from '../../lib/weights/description.js'
import { type FetchWeightsOptions, fetchWeights } from '../../lib/weights/fetch.js'
import { weightsPath } from '../../lib/weights/find.js'
import { answer, cutOff, noRanges, ranges, type Serve } from '../fetch/indexServer.js'
import { startProxy } from '../fetch/proxyServer.js'
import { temporaryFolder, withEnvironment } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'
import { mountTinyDisk } from '../support/tinyDisk.js'
import { bytes, fileName, hash, publish, published } from './published.js'
import { fileOf } from './wheels.js'

let cache: string
let server: Awaited<ReturnType<typeof publish>> | undefined
beforeEach(() => {
  cache = temporaryFolder()
})
afterEach(async () => {
  await server?.close()
  server = undefined
})

const start = async (serve: Serve = ranges, file?: Uint8Array) => {
  server = await publish(serve, file)
  return server.address
}
const here = <T>(body: () => Promise<T>, environment: Record<string, string | undefined> = {}) =>
  withEnvironment({ SEMPLES_CACHE: cache, TORCH_HOME: join(cache, 'torch'), ...environment }, body)
const fetch = (known: KnownWeights, options: FetchWeightsOptions = {}, environment = {}) =>
  here(() => fetchWeights(known.name, { pauses: [1, 1], ...options }, [known]), environment)
const inCache = () => readdirSync(join(cache, 'weights')).sort()
const file = () => join(cache, 'weights', fileName)
const prefix = { sha256Prefix: hash.slice(0, 8) }

describe('fetching from an address', () => {
  test('whole: size and rate first, the file, and nothing beside it', async () => {
    const seen: FetchProgress[] = []
    const known = published(await start())
    const fetched = await fetch(known, { onProgress: (each) => void seen.push(each) })
    expect(fetched).toEqual({ name: 'tiny-vit', file: file(), bytes: bytes.length, sha256: hash, check: 'sha256' })
    expect(readFileSync(file()).equals(bytes)).toBe(true)
    expect(inCache()).toEqual([fileName])
    expect(seen[0]).toMatchObject({ phase: 'download', doneBytes: 0, totalBytes: bytes.length })
    expect(seen.at(-2)).toMatchObject({ phase: 'download', doneBytes: bytes.length })
  })

  test('again: nothing is asked; damaged: fetched again', async () => {
    const known = published(await start())
    await fetch(known)
    await fetch(known)
    expect(server?.requests).toHaveLength(1)
    writeFileSync(file(), bytes.subarray(1))
    await fetch(known)
    expect(server?.requests).toHaveLength(2)
    expect(readFileSync(file()).equals(bytes)).toBe(true)
  })

  test('of which only the first digits of the hash are known: the whole of it is kept, and compared from then on', async () => {
    const known = published(await start(), prefix)
    expect(await fetch(known)).toMatchObject({ sha256: hash, check: 'sha256Prefix' })
    expect(inCache()).toEqual([fileName, `${fileName}.sha256`])
    // As sha256sum writes it.
    expect(readFileSync(`${file()}.sha256`, 'utf8')).toBe(`${hash}  ${fileName}\n`)
    writeFileSync(`${file()}.sha256`, `${hash.slice(0, 8)}${'0'.repeat(56)}  ${fileName}\n`)
    await here(() =>
      expect(weightsPath('tiny-vit', 'generator', [known])).rejects.toMatchObject({
        code: 'SEMPLES_CHECKPOINT_INVALID',
      }),
    )
    await fetch(known)
    expect(await here(() => weightsPath('tiny-vit', 'generator', [known]))).toBe(file())
    await here(() => removeWeights('tiny-vit', [known]))
    expect(inCache()).toEqual([])
  })

  test('of which nothing is known: taken as it comes, and only that from then on', async () => {
    const known = published(await start(), {})
    expect(await fetch(known)).toMatchObject({ sha256: hash, check: 'none' })
    expect(await here(() => weightsPath('tiny-vit', 'generator', [known]))).toBe(file())
    writeFileSync(
      file(),
      bytes.map((byte) => byte ^ 1),
    )
    await here(() =>
      expect(weightsPath('tiny-vit', 'generator', [known])).rejects.toMatchObject({
        code: 'SEMPLES_CHECKPOINT_INVALID',
      }),
    )
  })

  test('through a redirect, and through a proxy', async () => {
    const target = await publish(ranges)
    const proxy = await startProxy()
    try {
      const redirecting: Serve = (_file, _request, response) =>
        void response.writeHead(302, { location: target.address }).end()
      const known = published(await start(redirecting))
      const variables = { HTTP_PROXY: proxy.url, NO_PROXY: undefined, http_proxy: undefined, no_proxy: undefined }
      await fetch(known, {}, variables)
      expect(readFileSync(file()).equals(bytes)).toBe(true)
      expect(proxy.requests).toEqual([`GET ${server?.address}`, `GET ${target.address}`])
    } finally {
      await target.close()
      await proxy.close()
    }
  })
})

describe('a connection that breaks', () => {
  test.each([
    ['goes on where it broke', cutOff(0.4), [`GET ${fileName}`, `GET ${fileName} bytes=80000-`]],
    ['begins anew without ranges', cutOff(0.4, noRanges), [`GET ${fileName}`, `GET ${fileName} bytes=80000-`]],
  ])('%s', async (_, serve, requests) => {
    const known = published(await start(serve), prefix)
    await fetch(known)
    expect(server?.fileRequests()).toEqual(requests)
    expect(readFileSync(file()).equals(bytes)).toBe(true)
  })

  test('and never gets further: an error with what is kept, and the next call goes on there', async () => {
    const stuck: Serve = (each, request, response, count) =>
      answer(each, request, response, count < 3 ? 80_000 : each.length)
    const known = published(await start(stuck), prefix)
    await expect(fetch(known)).rejects.toMatchObject({
      code: 'SEMPLES_FETCH_FAILED',
      message: expect.stringMatching(/0\.1 MB of it are kept, and the same command goes on there.*--from FILE/),
    })
    expect(existsSync(file())).toBe(false)
    await fetch(known)
    expect(server?.fileRequests().at(-1)).toBe(`GET ${fileName} bytes=80000-`)
  })

  test('nothing of a file without any hash is continued unless the server says its version', async () => {
    const known = published(await start(cutOff(0.4)), {})
    await expect(fetch(known, { pauses: [] })).rejects.toMatchObject({ code: 'SEMPLES_FETCH_FAILED' })
    await fetch(known)
    expect(server?.fileRequests()).toEqual([`GET ${fileName}`, `GET ${fileName}`])
  })

  /** A server whose file is another one after the first answer broke off. */
  const changing =
    (heeds: boolean): Serve =>
    (each, request, response, count) => {
      const tag = count === 0 ? '"old"' : '"new"'
      response.setHeader('etag', tag)
      if (count === 0) answer(Buffer.alloc(each.length, 'old'), request, response, 80_000)
      else if (heeds && request.headers['if-range'] !== tag) response.end(each)
      else answer(each, request, response, each.length)
    }

  test.each([
    ['a server that heeds If-Range', true, 2],
    ['one that does not', false, 3],
  ])('a file that changed meanwhile is fetched whole: %s', async (_, heeds, requests) => {
    const known = published(await start(changing(heeds)), {})
    expect(await fetch(known)).toMatchObject({ sha256: hash })
    expect(server?.requests[1]?.headers['if-range']).toBe('"old"')
    expect(server?.requests).toHaveLength(requests)
  })

  test('the same version is continued', async () => {
    const same: Serve = (each, request, response, count) => {
      response.setHeader('last-modified', 'Thu, 01 Oct 2026 00:00:00 GMT')
      answer(each, request, response, count === 0 ? 80_000 : each.length)
    }
    await fetch(published(await start(same), {}))
    expect(server?.fileRequests().at(-1)).toBe(`GET ${fileName} bytes=80000-`)
    expect(server?.requests[1]?.headers['if-range']).toBe('Thu, 01 Oct 2026 00:00:00 GMT')
  })
})

describe('refusals leave nothing behind', () => {
  const failed = (message: RegExp) => ({
    code: 'SEMPLES_FETCH_FAILED',
    message: expect.stringMatching(message),
    hint: expect.stringContaining(`npx semples weights fetch tiny-vit --from FILE`),
  })

  test.each([
    ['the whole hash', { sha256: 'ab'.repeat(32) }, /damaged.*expected sha256 abab/],
    ['its first digits', { sha256Prefix: 'abababab' }, /damaged.*expected a sha256 that begins with abababab/],
  ])('%s are others', async (_, check, message) => {
    await expect(fetch(published(await start(), check))).rejects.toMatchObject({ ...failed(message), value: hash })
    expect(server?.requests).toHaveLength(1)
    expect(inCache()).toEqual([])
  })

  test('a file that is cut short on the server', async () => {
    const known = { ...published(await start(noRanges, bytes.subarray(0, 5000)), prefix) }
    await expect(fetch(known)).rejects.toMatchObject(failed(/damaged/))
    expect(inCache()).toEqual([])
  })

  test.each([403, 404, 500])('status %d', async (status) => {
    const known = published(await start((_file, _request, response) => void response.writeHead(status).end()))
    await expect(fetch(known)).rejects.toMatchObject(failed(new RegExp(`${fileName} answered ${status}\\.`)))
    // What may pass is asked for again.
    expect(server?.requests).toHaveLength(status === 500 ? 3 : 1)
    expect(inCache()).toEqual([])
  })

  test('a redirect to what is no web address', async () => {
    const known = published(
      await start(
        (_file, _request, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      ),
    )
    await expect(fetch(known)).rejects.toMatchObject(failed(/redirects to file:/))
  })

  test('a server that is not there', async () => {
    await expect(fetch(published('http://127.0.0.1:1/tiny-vit.pth'))).rejects.toMatchObject(failed(/could not be/))
  })

  test('an abort: what came is kept and continued', async () => {
    const slow: Serve = (each, request, response, count) =>
      count > 0 ? ranges(each, request, response, count) : void response.writeHead(200).write(each.subarray(0, 80_000))
    const controller = new AbortController()
    const known = published(await start(slow))
    const onProgress = ({ doneBytes }: FetchProgress) => doneBytes >= 80_000 && controller.abort(new Error('enough'))
    await expect(fetch(known, { onProgress, signal: controller.signal })).rejects.toThrow('enough')
    expect(inCache()).toEqual([expect.stringMatching(/^\.download-\w{64}$/)])
    await fetch(known)
    expect(inCache()).toEqual([fileName])
    expect(server?.fileRequests().at(-1)).toMatch(/bytes=\d+-$/)
  })

  needs('mount').test(
    'a disk that is too small is told before the first byte; one that fills leaves nothing',
    async () => {
      const disk = mountTinyDisk(100)!
      try {
        const full = { code: 'SEMPLES_WRITE_FAILED', message: expect.stringMatching(/not enough space.*SEMPLES_CACHE/) }
        const unsized: Serve = (each, _request, response) => {
          response.writeHead(200)
          response.write(each.subarray(0, 120_000))
          response.end(each.subarray(120_000))
        }
        for (const serve of [ranges, unsized]) {
          const known = published(await start(serve))
          await expect(fetch(known, {}, { SEMPLES_CACHE: disk.path })).rejects.toMatchObject(full)
          expect(readdirSync(join(disk.path, 'weights'))).toEqual([])
          await server?.close()
        }
      } finally {
        disk.remove()
      }
    },
  )
})

describe('from a file of the user', () => {
  const known = published('http://127.0.0.1:1/tiny-vit.pth', prefix)

  test('the file under any name; it is copied', async () => {
    const from = fileOf(bytes, 'Download (1).bin')
    expect(await fetch(known, { from })).toMatchObject({ file: file(), sha256: hash })
    expect(existsSync(from)).toBe(true)
    expect(inCache()).toEqual([fileName, `${fileName}.sha256`])
  })

  test.each([
    ['another file', 'others', /w\.pth is not the file of tiny-vit.*begins with/],
    ['an empty one', '', /w\.pth is empty/],
  ])('%s is refused', async (_, content, message) => {
    const from = fileOf(content, 'w.pth')
    await expect(fetch(known, { from })).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      file: from,
      message: expect.stringMatching(message),
    })
    expect(inCache()).toEqual([])
  })
})

describe('what another program has fetched', () => {
  const known = published('http://127.0.0.1:1/tiny-vit.pth', prefix)
  const hub = () => join(cache, 'torch', 'hub', 'checkpoints', fileName)
  const keep = (content: Uint8Array) => {
    mkdirSync(dirname(hub()), { recursive: true })
    writeFileSync(hub(), content)
  }

  test('is taken from there without a download or a copy', async () => {
    keep(bytes)
    expect(await fetch(known)).toMatchObject({ file: hub(), sha256: hash })
    expect(await here(() => weightsPath('tiny-vit', 'generator', [known]))).toBe(hub())
    expect(existsSync(join(cache, 'weights'))).toBe(false)
  })

  test('is not taken where its hash is another, or where none is known', async () => {
    keep(bytes.subarray(5))
    await here(() =>
      expect(weightsPath('tiny-vit', 'generator', [known])).rejects.toMatchObject({
        code: 'SEMPLES_WEIGHTS_MISSING',
        message: expect.stringMatching(/torch.hub fetched, does not have their sha256/),
        hint: 'Type: npx semples weights fetch tiny-vit',
      }),
    )
    keep(bytes)
    const unknown = published('http://127.0.0.1:1/tiny-vit.pth', {})
    await here(() => expect(weightsPath('tiny-vit', 'generator', [unknown])).rejects.toThrow(/not fetched yet/))
  })
})
