import { existsSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from '@jest/globals'
import type { FetchProgress } from '../../lib/fetch/progress.js'
import { inspectLibTorch } from '../../lib/libtorch/candidate.js'
import { installLibTorch } from '../../lib/libtorch/install.js'
import { cutOff, startIndex } from '../fetch/indexServer.js'
import { startProxy } from '../fetch/proxyServer.js'
import { needs } from '../support/needs.js'
import { findTorchWheel } from '../support/torchWheel.js'
import { temporaryFolder, withEnvironment } from './folders.js'

needs('torchWheel').test(
  'the wheel of torch itself, without Python, through a proxy with a password, cut off at 40 % and resumed',
  async () => {
    const wheel = findTorchWheel()!
    const name = basename(wheel)
    const content = readFileSync(wheel)
    const index = await startIndex({ files: { [name]: content }, format: 'html', serve: cutOff(0.4) })
    const proxy = await startProxy()
    const cache = temporaryFolder()
    const seen: FetchProgress[] = []
    try {
      const installed = await withEnvironment(
        {
          ...{ SEMPLES_CACHE: cache, SEMPLES_LIBTORCH: undefined, SEMPLES_TORCH_INDEX: index.url },
          ...{ PATH: temporaryFolder(), NO_PROXY: undefined, no_proxy: undefined, http_proxy: proxy.url },
        },
        () => installLibTorch({ onProgress: (each) => seen.push(each) }),
      )
      const part = Math.floor(content.length * 0.4)
      const [first, second, ...more] = index.fileRequests()
      expect([first, more]).toEqual([`GET ${name}`, []])
      // Bytes that were under way when the connection broke may be lost.
      const start = Number(/ bytes=(\d+)-$/.exec(second!)?.[1])
      expect(start).toBeGreaterThan(0)
      expect(start).toBeLessThanOrEqual(part)
      expect(proxy.requests).toHaveLength(3)
      expect(seen.some(({ message }) => message.includes('of them are there'))).toBe(true)
      const inspected = inspectLibTorch(join(installed.directory, 'torch'), 'cache')
      expect(inspected).toMatchObject({ found: { version: installed.version, kind: 'cpu' } })
      expect(existsSync(join(installed.directory, 'torch/lib/libtorch_cpu.so'))).toBe(true)
    } finally {
      rmSync(cache, { recursive: true, force: true })
      await Promise.all([index.close(), proxy.close()])
    }
  },
  600_000,
)
