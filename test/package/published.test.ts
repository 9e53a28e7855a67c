import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { largestTarball, publintMessages, typeProblems, unwantedFiles } from '../../scripts/release/tarball.mjs'
import { needs } from '../support/needs.js'
import { type Packed, pack, repository } from './packed.js'

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

  test('is less than 30 MB', () => expect(packed.size).toBeLessThan(largestTarball))

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
    const lists = ['CMakeLists.txt', 'native/sources.cmake']
    const listed = lists.flatMap(
      (list) => readFileSync(join(repository, list), 'utf8').match(/native\/[\w/]+\.(cc|h)/g)!,
    )
    expect(listed.length).toBeGreaterThan(50)
    expect(packed.files).toEqual(expect.arrayContaining([...lists, ...listed]))
  })

  // pnpm and Yarn 1 run node-gyp where there is one.
  test('has no binding.gyp, no LibTorch, and nothing of the development', () => {
    expect(unwantedFiles(packed.files)).toEqual([])
  })

  test('every link of its documents leads to a file in it', async () => {
    const documents = packed.files.filter((file) => file.endsWith('.md'))
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'docs/data.md']))
    const broken = documents.flatMap((file) => {
      const text = readFileSync(join(repository, file), 'utf8')
      const links = [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, link]) =>
        posix.join(posix.dirname(file), link!),
      )
      return links.filter((link) => !packed.files.includes(link)).map((link) => `${file}: ${link}`)
    })
    expect(broken).toEqual([])
  })

  test('publint finds nothing', async () => {
    expect(await publintMessages(packed.tarball, manifest)).toEqual([])
  })

  test('its types are right for every way to import it', async () => {
    const { entrypoints, problems } = await typeProblems(repository, packed.tarball)
    expect(entrypoints).toContain('.')
    expect(problems).toEqual({})
  })
})
