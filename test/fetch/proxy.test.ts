import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { downloadFile } from '../../lib/fetch/download.js'
import { listIndexFiles } from '../../lib/fetch/simpleIndex.js'
import { temporaryFolder, withEnvironment } from '../libtorch/folders.js'
import { cutOff, type IndexServer, startIndex } from './indexServer.js'
import { type ProxyServer, startProxy } from './proxyServer.js'

const name = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl'
const content = Buffer.alloc(100_000, 'wheel')
const noProxies = Object.fromEntries(
  ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((each) => [
    [each, undefined],
    [each.toUpperCase(), undefined],
  ]),
)

let server: IndexServer
let proxy: ProxyServer
beforeEach(async () => {
  server = await startIndex({ files: { [name]: content }, format: 'html', serve: cutOff(0.4) })
  proxy = await startProxy('name:pass word%')
})
afterEach(() => Promise.all([server.close(), proxy.close()]))

/** Lists and downloads with these variables alone; gives the bytes. */
function fetchWith(variables: Record<string, string>): Promise<Buffer> {
  return withEnvironment({ ...noProxies, ...variables }, async () => {
    const [file] = await listIndexFiles(server.url, 'torch')
    return readFileSync(await downloadFile(file!, temporaryFolder(), { pauses: [1] }))
  })
}

describe('a proxy with a password', () => {
  test.each(['HTTP_PROXY', 'http_proxy'])(
    'in %s carries everything, the rest of a broken download too',
    async (variable) => {
      expect((await fetchWith({ [variable]: proxy.url })).equals(content)).toBe(true)
      const host = server.url.replace('/simple', '')
      const file = `GET ${host}/files/${encodeURIComponent(name)}`
      expect(proxy.requests).toEqual([`GET ${host}/simple/torch/`, file, file])
      expect(server.fileRequests()).toEqual([`GET ${name}`, `GET ${name} bytes=40000-`])
    },
  )

  test('its address needs no scheme', async () => {
    await fetchWith({ HTTP_PROXY: proxy.url.replace('http://', '') })
    expect(proxy.requests).toHaveLength(3)
  })

  test.each(['NO_PROXY', 'no_proxy'])('%s names what it does not carry', async (variable) => {
    await fetchWith({ HTTP_PROXY: proxy.url, [variable]: 'example.org,127.0.0.1' })
    expect(proxy.requests).toEqual([])
  })

  test('a wrong password is refused, and never shown', async () => {
    const fetching = fetchWith({ HTTP_PROXY: proxy.url.replace(/:pass[^@]*/, ':secret') })
    await expect(fetching).rejects.toMatchObject({
      code: 'SEMPLES_FETCH_FAILED',
      message: expect.stringMatching(/^(?!.*secret).*(407|[Pp]roxy)/s),
    })
    expect(server.requests).toEqual([])
  })

  test('one that is gone is named by its variable', async () => {
    await proxy.close()
    await expect(fetchWith({ HTTP_PROXY: proxy.url })).rejects.toMatchObject({
      code: 'SEMPLES_FETCH_FAILED',
      message: expect.stringMatching(/^(?!.*pass).*cannot be reached: .*HTTP_PROXY/s),
    })
  })
})

test.each(['ftp://host', 'http://name:secret@', 'http://name:secret%@host'])('%s is no proxy', async (address) => {
  await expect(fetchWith({ HTTP_PROXY: address })).rejects.toMatchObject({
    code: 'SEMPLES_FETCH_FAILED',
    message: expect.stringMatching(/^(?!.*secret).*HTTP_PROXY holds no address/s),
  })
})
