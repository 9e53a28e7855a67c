import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { zipSync } from 'fflate'
import { answer, type IndexServer, type Serve, startIndex } from '../fetch/indexServer.js'
import { startProxy } from '../fetch/proxyServer.js'
import { makeCertificate } from '../support/certificate.js'
import { compileFolders } from '../support/compiled.js'
import { needs } from '../support/needs.js'
import { temporaryFolder, wheelFiles } from './folders.js'

const name = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl'
const large = { 'torch/lib/libtorch_cpu.so': randomBytes(1_000_000) }
const texts = Object.entries(wheelFiles()).map(([path, text]) => [path, Buffer.from(text)])
const wheel = zipSync({ ...Object.fromEntries(texts), ...large })

let compiled: string
let cache: string
let server: IndexServer | undefined
beforeAll(() => {
  compiled = compileFolders(['base', 'fetch', 'libtorch'])
})
afterAll(() => rmSync(compiled, { recursive: true, force: true }))
beforeEach(() => {
  cache = temporaryFolder()
})
afterEach(() => server?.close())

/** Installs, prints the folder. */
const INSTALLER = `
const { installLibTorch } = await import(process.argv[1] + '/libtorch/install.js')
console.log((await installLibTorch()).directory)`

/** Without pip and Python, from the index of the test alone. */
function start(variables: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', INSTALLER, compiled], {
    env: { PATH: temporaryFolder(), SEMPLES_CACHE: cache, SEMPLES_TORCH_INDEX: server!.url, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function result(child: ChildProcess): Promise<{ status: number | null; out: string; err: string }> {
  const texts = { out: '', err: '' }
  child.stdout?.on('data', (chunk) => {
    texts.out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    texts.err += chunk
  })
  const [status] = await once(child, 'close')
  return { status, ...texts }
}

const libtorch = () => join(cache, 'libtorch')
/** Bytes of the unfinished download. */
function partOnDisk(): number {
  const folder = readdirSync(libtorch()).find((each) => each.startsWith('.download-'))
  return folder === undefined ? 0 : (statSync(join(libtorch(), folder, name), { throwIfNoEntry: false })?.size ?? 0)
}

async function serving(serve?: Serve, tls?: { key: string; cert: string }): Promise<void> {
  server = await startIndex({ files: { [name]: wheel }, format: 'html', serve, tls })
}

const isInstalled = (directory: string) =>
  readFileSync(join(directory, 'torch/lib/libtorch_cpu.so')).equals(large['torch/lib/libtorch_cpu.so'])

test('a process is killed at 40 % of the download, and the next one goes on there', async () => {
  const part = Math.floor(wheel.length * 0.4)
  // The first answer stops there with its connection open.
  await serving((file, request, response, count) => {
    if (count > 0) answer(file, request, response, file.length)
    else response.writeHead(200, { 'content-length': file.length }).write(file.subarray(0, part))
  })
  const killed = start()
  const ended = once(killed, 'close')
  while (server!.fileRequests().length === 0 || partOnDisk() < part) {
    if (killed.exitCode !== null) throw new Error(`it ended: ${(await result(killed)).err}`)
    await new Promise((waited) => setTimeout(waited, 50))
  }
  killed.kill('SIGKILL')
  expect(await ended).toEqual([null, 'SIGKILL'])
  const { out, err } = await result(start())
  expect(err).toBe('')
  expect(isInstalled(out.trim())).toBe(true)
  expect(server!.fileRequests()).toEqual([`GET ${name}`, `GET ${name} bytes=${part}-`])
  expect(readdirSync(libtorch())).toEqual(['2.13.0+cpu'])
}, 60_000)

test('three processes at once: one downloads, the others find it installed', async () => {
  await serving()
  const results = await Promise.all([start(), start(), start()].map(result))
  expect(new Set(results.map(({ out }) => out.trim()))).toEqual(new Set([join(libtorch(), '2.13.0+cpu')]))
  expect(server!.fileRequests()).toEqual([`GET ${name}`])
  expect(readdirSync(libtorch())).toEqual(['2.13.0+cpu'])
}, 60_000)

needs('openssl').test(
  'an https mirror with a certificate of its own, through a proxy with a password',
  async () => {
    const { file: cert, ...tls } = makeCertificate(temporaryFolder())
    await serving(undefined, tls)
    const proxy = await startProxy()
    try {
      const unknown = await result(start())
      expect(unknown.status).not.toBe(0)
      expect(unknown.err).toContain('NODE_EXTRA_CA_CERTS')
      const known = { NODE_EXTRA_CA_CERTS: cert, HTTPS_PROXY: proxy.url }
      const refused = await result(start({ ...known, HTTPS_PROXY: proxy.url.replace(/:pass[^@]*/, ':secret') }))
      expect(refused.err).toMatch(/407.*HTTPS_PROXY/)
      expect(refused.err).not.toContain('secret')
      const { out, err, status } = await result(start(known))
      expect([status, err]).toEqual([0, ''])
      expect(isInstalled(out.trim())).toBe(true)
      const other = server!.url.replace('127.0.0.1', 'localhost')
      for (const variables of [known, { ...known, HTTPS_PROXY: '' }]) {
        const elsewhere = await result(
          start({ ...variables, SEMPLES_CACHE: temporaryFolder(), SEMPLES_TORCH_INDEX: other }),
        )
        expect(elsewhere.err).toContain('localhost')
        expect(elsewhere.err).toMatch(/does not match certificate/)
      }
      proxy.requests.splice(proxy.requests.indexOf(`CONNECT ${new URL(other).host}`), 1)
      expect(new Set(proxy.requests)).toEqual(new Set([`CONNECT ${new URL(server!.url).host}`]))
    } finally {
      await proxy.close()
    }
  },
  60_000,
)
