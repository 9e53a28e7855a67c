import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const documents = ['.', 'docs', 'test/golden'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
)
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The anchors that headings of a document get: lower case, blanks as hyphens, other signs dropped. */
function anchorsOf(file: string): string[] {
  return Array.from(read(file).matchAll(/^#+ (.+)$/gm), ([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('there are documents', () => {
  expect(documents).toEqual(expect.arrayContaining(['CONTRIBUTING.md', 'docs/architecture.md']))
})

describe.each(documents)('%s', (file) => {
  test('links lead to files and headings that exist', () => {
    const links = Array.from(read(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g))
    const broken = links.filter(([, path, anchor]) => {
      const target = path === '' ? file : join(dirname(file), path)
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor))
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })

  test('files of the repository that are named exist', () => {
    const named = Array.from(
      read(file).matchAll(/`((?:lib|native|scripts|test|bench)\/[\w./-]*\w\.(?:ts|mjs|cc|h|py|md|txt|json))`/g),
      ([, path]) => path,
    )
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

test('the map names every folder of lib/ and of native/', () => {
  const map = read('docs/architecture.md')
  const folders = ['lib', 'native'].flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && readdirSync(join(root, parent, entry.name)).length > 0)
      .map((entry) => entry.name),
  )
  expect(folders.length).toBeGreaterThan(10)
  expect(folders.filter((name) => !map.includes(`  ${name}/`))).toEqual([])
})
