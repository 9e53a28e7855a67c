import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { needs } from '../support/needs.js'
import { type Packed, pack, repository } from './packed.js'

const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Record<string, unknown>

test('no script runs when the package is installed', () => {
  const scripts = Object.keys(manifest.scripts as object)
  expect(scripts.filter((name) => /^(pre|post)?install$|^(pre|post)?prepare$|^prepublish/.test(name))).toEqual([])
})

needs('build').describe('the packed tarball', () => {
  let folder: string
  let packed: Packed
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'semples-pack-'))
    packed = await pack(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('is less than 30 MB', () => expect(packed.size).toBeLessThan(30e6))

  test('has what is needed to run and to build, licences included', () => {
    for (const file of [
      'dist/index.js',
      'dist/index.cjs',
      'dist/index.d.cts',
      'models/demo-clip.pt',
      'LICENSE',
      'NOTICE',
    ])
      expect(packed.files).toContain(file)
    const listed = readFileSync(join(repository, 'CMakeLists.txt'), 'utf8').match(/native\/[\w/]+\.(cc|h)/g)!
    expect(listed.length).toBeGreaterThan(50)
    expect(packed.files).toEqual(expect.arrayContaining(['CMakeLists.txt', ...listed]))
  })

  // pnpm and Yarn 1 run node-gyp where there is one.
  test('has no binding.gyp, no LibTorch, and nothing of the development', () => {
    const unwanted = /binding\.gyp|\.stamp$|libtorch\w*\.so|^(test|bench|build|lib|node_modules|\.)|\.(npmrc|env)$/
    expect(packed.files.filter((file) => unwanted.test(file))).toEqual([])
  })

  test('publint finds nothing', async () => {
    const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(packed.tarball)).buffer } })
    expect(messages.map((message) => formatMessage(message, manifest))).toEqual([])
  })

  test('its types are right for every way to import it', async () => {
    const attw = join(repository, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { stdout } = await run(process.execPath, [attw, packed.tarball, '--format', 'json'], {
      maxBuffer: 1e8,
    }).catch((error: { stdout: string }) => error)
    const { analysis, problems } = JSON.parse(stdout) as { analysis: { entrypoints: object }; problems: object }
    expect(Object.keys(analysis.entrypoints)).toContain('.')
    expect(problems).toEqual({})
  })
})
