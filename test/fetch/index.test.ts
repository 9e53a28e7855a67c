import { readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { downloadFile } from '../../lib/fetch/download.js'
import { withoutCredentials } from '../../lib/fetch/http.js'
import { listIndexFiles, listMirrorFiles, parseHtmlIndex, parseJsonIndex } from '../../lib/fetch/simpleIndex.js'
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
      { name: 'f.whl', url: 'https://host/simple/torch/f.whl?a=1&b=2', hasMetadata: false, yanked: false },
      { name: 'g.whl', url: 'https://other/g.whl', hasMetadata: false, yanked: false },
    ])
  })

  test.each(['json', 'html'] as const)('as %s: sizes, metadata, withdrawn files', async (format) => {
    const { url } = await start({ format, sizes: true, metadata: { [name]: 'Name: torch' } })
    const [file] = await listIndexFiles(url, 'torch')
    expect(file).toMatchObject({ hasMetadata: true, yanked: false })
    expect(file?.size).toBe(format === 'json' ? content.length : undefined)
    const page = `<html><a href="f.whl" data-yanked="">f</a><a href="g.whl" data-dist-info-metadata="sha256=0">g</a>`
    const files = await parseHtmlIndex(page, 'https://host/')
    expect(files?.map(({ yanked, hasMetadata }) => [yanked, hasMetadata])).toEqual([
      [true, false],
      [false, true],
    ])
    const json = { files: [{ filename: 'f.whl', url: 'f.whl', yanked: '', size: -1, hashes: { sha256: '../x' } }] }
    expect(parseJsonIndex(JSON.stringify(json), 'https://host/')).toEqual([
      { name: 'f.whl', url: 'https://host/f.whl', hasMetadata: false, yanked: true },
    ])
  })

  test('names keep no path of theirs', async () => {
    const page = '<html><a href="x/..%2F..%2Fevil.whl">f</a><a href="x/%E0%A4%A.whl">g</a></html>'
    const names = (await parseHtmlIndex(page, 'https://host/'))?.map((file) => file.name)
    expect(names).toEqual(['evil.whl', '%E0%A4%A.whl'])
    const json = JSON.stringify({ files: [{ filename: '../../evil.whl', url: 'f.whl' }] })
    expect(parseJsonIndex(json, 'https://host/')?.[0]?.name).toBe('evil.whl')
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

  test('files of the same host are asked for with the same credentials, others are not', async () => {
    const { url, requests } = await start({ login: 'name:pa ss' })
    await expect(listIndexFiles(url, 'torch')).rejects.toThrow(/answered 401/)
    const [file] = await listIndexFiles(url.replace('http://', 'http://name:pa%20ss@'), 'torch')
    expect(readFileSync(await downloadFile(file!, temporaryFolder()), 'utf8')).toBe('wheel')
    expect(requests.at(-1)?.url).toContain('/files/')
  })

  test.each(['json', 'html'] as const)(
    'a mirror of one page (%s), with or without its address ending',
    async (format) => {
      const { url } = await start({ format, flat: true, projects: { numpy: { 'numpy-1-py3-none-any.whl': content } } })
      const files = await listMirrorFiles(url, 'torch')
      expect(files.map((file) => file.name)).toEqual([name, 'numpy-1-py3-none-any.whl'])
      expect(readFileSync(await downloadFile(files[0]!, temporaryFolder()), 'utf8')).toBe('wheel')
      await expect(listMirrorFiles(`${url}/nowhere.html`, 'torch')).rejects.toThrow(/nowhere\.html is there/)
    },
  )

  test.each(['', 'mirror', 'ftp://host/simple', 'http://u:secret@ho st/'])(
    'an index at "%s" is refused',
    async (index) => {
      await expect(listMirrorFiles(index, 'torch')).rejects.toMatchObject({
        code: 'SEMPLES_FETCH_FAILED',
        message: expect.not.stringContaining('secret'),
      })
    },
  )

  test('an unknown project says what the server answered', async () => {
    const { url } = await start()
    await expect(listIndexFiles(url, 'numpy')).rejects.toThrow(/simple\/numpy\/ answered 404/)
  })
})

describe('downloading', () => {
  const file = async (options: Partial<IndexServerOptions> = {}) =>
    (await listIndexFiles((await start(options)).url, 'torch'))[0]!

  test('gives the bytes and reports the size before the first of them', async () => {
    const seen: unknown[] = []
    const path = await downloadFile(await file(), temporaryFolder(), { onProgress: (progress) => seen.push(progress) })
    expect(readFileSync(path, 'utf8')).toBe('wheel')
    expect(basename(path)).toBe(name)
    expect(seen[0]).toMatchObject({ phase: 'download', doneBytes: 0, totalBytes: 5 })
    expect(seen.at(-1)).toMatchObject({ doneBytes: 5 })
  })

  test('a file that does not match its hash is deleted', async () => {
    const folder = temporaryFolder()
    await expect(downloadFile(await file({ sha256: 'ab'.repeat(32) }), folder)).rejects.toThrow(
      expect.objectContaining({ code: 'SEMPLES_FETCH_FAILED', message: expect.stringContaining(sha256) }),
    )
    expect(readdirSync(folder)).toEqual([])
  })

  test('a file without a hash is not downloaded at all', async () => {
    const each = await file({ sha256: '', format: 'html' })
    await expect(downloadFile(each, temporaryFolder())).rejects.toThrow(/states no sha256/)
    expect(server.requests).toHaveLength(1)
  })

  test('an aborted download ends with the reason and leaves no file', async () => {
    const folder = temporaryFolder()
    const reason = new Error('enough')
    await expect(downloadFile(await file(), folder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(readdirSync(folder)).toEqual([])
  })

  test('a server that is gone is named', async () => {
    const each = await file()
    await server.close()
    await expect(downloadFile(each, temporaryFolder())).rejects.toThrow(
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

test('of the fitting versions the newest that was not withdrawn; older tags of the same machine fit', () => {
  const names = [
    'nvidia_nvjitlink-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    'nvidia_nvjitlink-13.10.2-py3-none-manylinux2014_aarch64.whl',
    'nvidia_nvjitlink-13.10.1-py3-none-manylinux_2_28_x86_64.whl',
    'nvidia_nvjitlink-13.9.1-py3-none-manylinux_2_17_x86_64.whl',
    'nvidia_nvjitlink-13.11.0-py3-none-manylinux_2_34_x86_64.whl',
    'nvidia_nvjitlink-13.12.0-py3-none-win_amd64.whl',
    'nvidia_nvjitlink_cu13-13.12.0-py3-none-any.whl',
    'nvidia_nvjitlink-13.12.0.tar.gz',
  ]
  const files = names.map((each) => ({ name: each, url: '' }))
  const wanted = { project: 'nvidia-nvjitlink', platform: 'manylinux_2_28_x86_64', version: () => true }
  expect(chooseWheel(files, wanted)?.name).toBe(names[2])
  const withdrawn = files.map((file) => ({ ...file, yanked: file.name === names[2] }))
  expect(chooseWheel(withdrawn, wanted)?.name).toBe(names[3])
  expect(chooseWheel(withdrawn, { ...wanted, version: '13.10.1' })?.name).toBe(names[2])
  expect(chooseWheel(files, { ...wanted, platform: 'manylinux_2_28_aarch64' })?.name).toBe(names[1])
})
