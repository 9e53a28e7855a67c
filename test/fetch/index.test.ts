import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { downloadFile } from '../../lib/fetch/download.js'
import { withoutCredentials } from '../../lib/fetch/http.js'
import { listIndexFiles, parseHtmlIndex, parseJsonIndex } from '../../lib/fetch/simpleIndex.js'
import { chooseWheel } from '../../lib/fetch/wheel.js'
import { temporaryFolder } from '../libtorch/folders.js'
import { type IndexServer, type IndexServerOptions, startIndex } from './indexServer.js'

const name = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl'
const content = new TextEncoder().encode('wheel')
// printf wheel | sha256sum
const sha256 = 'ba59926159d2aa256eb8739b8da7e2b574b960e1202c6d624cbe981cef996c91'
let server: IndexServer

async function start(options: Partial<IndexServerOptions> = {}): Promise<IndexServer> {
  server = await startIndex({ files: { [name]: content }, format: 'json', ...options })
  return server
}

afterEach(async () => {
  await server?.close()
})

describe('reading a simple index', () => {
  test.each(['json', 'html'] as const)('as %s: name, absolute address and hash of each file', async (format) => {
    const { url } = await start({ format })
    const [file, ...rest] = await listIndexFiles(`${url}/`, 'torch')
    expect(rest).toEqual([])
    expect(file).toMatchObject({ name, sha256 })
    expect(file?.url).toBe(
      `${url.replace('/simple', '/files/')}torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl`,
    )
  })

  test('HTML: entities in addresses, single quotes, links without a hash', async () => {
    const page = `<html><a class='x' href='f.whl?a=1&amp;b=2'>f</a> <a href="https://other/g.whl#md5=0">g</a></html>`
    expect(await parseHtmlIndex(page, 'https://host/simple/torch/')).toEqual([
      { name: 'f.whl', url: 'https://host/simple/torch/f.whl?a=1&b=2', sha256: undefined },
      { name: 'g.whl', url: 'https://other/g.whl', sha256: undefined },
    ])
  })

  test('what is neither is refused', async () => {
    expect(parseJsonIndex('{"message": "hello"}', 'https://host/')).toBeUndefined()
    expect(await parseHtmlIndex('gateway timeout', 'https://host/')).toBeUndefined()
  })

  test('credentials in the address become a header and are never shown', async () => {
    const { url, requests, close } = await start()
    const secret = url.replace('http://', 'http://name:pa%20ss@')
    await listIndexFiles(secret, 'torch')
    expect(requests[0]?.headers.authorization).toBe(`Basic ${btoa('name:pa ss')}`)
    await close()
    await expect(listIndexFiles(secret, 'torch')).rejects.toThrow(
      expect.objectContaining({ code: 'SEMPLES_FETCH_FAILED', message: expect.not.stringContaining('pa') }),
    )
    expect(withoutCredentials('https://u:p@host/simple')).toBe('https://host/simple')
  })

  test('an unknown project says what the server answered', async () => {
    const { url } = await start()
    await expect(listIndexFiles(url, 'numpy')).rejects.toThrow(/simple\/numpy\/ answered 404/)
  })
})

describe('downloading', () => {
  const file = async (options: Partial<IndexServerOptions> = {}) =>
    (await listIndexFiles((await start(options)).url, 'torch'))[0]!

  test('gives the bytes and reports the size before the first of them', async () => {
    const target = join(temporaryFolder(), name)
    const seen: unknown[] = []
    await downloadFile(await file(), target, { onProgress: (progress) => seen.push(progress) })
    expect(readFileSync(target, 'utf8')).toBe('wheel')
    expect(seen[0]).toMatchObject({ phase: 'download', doneBytes: 0, totalBytes: 5 })
    expect(seen.at(-1)).toMatchObject({ doneBytes: 5 })
  })

  test('a file that does not match its hash is deleted', async () => {
    const target = join(temporaryFolder(), name)
    await expect(downloadFile(await file({ sha256: 'ab'.repeat(32) }), target)).rejects.toThrow(
      expect.objectContaining({ code: 'SEMPLES_FETCH_FAILED', message: expect.stringContaining(sha256) }),
    )
    expect(existsSync(target)).toBe(false)
  })

  test('a file without a hash is not downloaded at all', async () => {
    const each = await file({ sha256: '', format: 'html' })
    await expect(downloadFile(each, join(temporaryFolder(), name))).rejects.toThrow(/states no sha256/)
    expect(server.requests).toHaveLength(1)
  })

  test('an aborted download ends with the reason and leaves no file', async () => {
    const target = join(temporaryFolder(), name)
    const reason = new Error('enough')
    await expect(downloadFile(await file(), target, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(existsSync(target)).toBe(false)
  })

  test('a server that is gone is named', async () => {
    const each = await file()
    await server.close()
    await expect(downloadFile(each, join(temporaryFolder(), name))).rejects.toThrow(
      expect.objectContaining({ code: 'SEMPLES_FETCH_FAILED', message: expect.stringContaining('127.0.0.1') }),
    )
  })
})

const torch = (version: string, platform: string) => ({ project: 'torch', version, platform })

test('of several wheels the one for this machine is chosen, cp311 where it is offered', () => {
  const files = ['cp310-cp310', 'cp311-cp311', 'cp313-cp313t'].flatMap((python) =>
    ['manylinux_2_28_x86_64', 'manylinux_2_28_aarch64', 'win_amd64'].flatMap((platform) =>
      ['2.13.0+cpu', '2.13.1+cpu', '2.13.0'].map((version) => ({
        name: `torch-${version}-${python}-${platform}.whl`,
        url: '',
      })),
    ),
  )
  expect(chooseWheel(files, torch('2.13.0+cpu', 'manylinux_2_28_x86_64'))?.name).toBe(name)
  const without = files.filter((each) => !each.name.includes('cp311'))
  expect(chooseWheel(without, torch('2.13.0+cpu', 'manylinux_2_28_aarch64'))?.name).toContain('2.13.0+cpu-cp310-cp310')
  expect(chooseWheel(files, torch('2.14.0+cpu', 'manylinux_2_28_x86_64'))).toBeUndefined()
})
