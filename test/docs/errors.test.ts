import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { environmentVariables } from '../../lib/base/env.js'

const root = resolve(fileURLToPath(import.meta.url), '../../..')

const sources = ['lib', 'native'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|cc|h)$/.test(name))
    .map((name) => readFileSync(join(root, folder, name), 'utf8')),
)

function namesIn(pattern: RegExp, texts: readonly string[]): string[] {
  const found = texts.flatMap((text) => Array.from(text.matchAll(pattern), ([, name]) => name))
  return [...new Set(found)].filter((name) => !Object.hasOwn(environmentVariables, name)).sort()
}

/** What stands in quotes is thrown; elsewhere codes are only spoken of. */
const thrown = namesIn(/['"](SEMPLES_[A-Z0-9_]+)['"]/g, sources)
const rows = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))

test('the sources throw codes at all', () => {
  expect(thrown).toContain('SEMPLES_CONFIG_INVALID')
  expect(thrown).toContain('SEMPLES_DISPOSED')
})

test('docs/errors.md lists every code that is thrown, and no other, in order', () => {
  expect(rows.map((row) => /^\| `(SEMPLES_[A-Z0-9_]+)` \|/.exec(row)?.[1])).toEqual(thrown)
})

test('every row says when it occurs and what to do', () => {
  for (const row of rows) {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim())
    expect({ row, filled: cells.slice(1, -1).filter((cell) => cell !== '').length }).toEqual({ row, filled: 3 })
  }
})

test('comments speak of no code that nothing throws', () => {
  const known = [...thrown, ...namesIn(/^#define (SEMPLES_[A-Z0-9_]+)/gm, sources)]
  expect(namesIn(/\b(SEMPLES_[A-Z0-9_]*[A-Z0-9])\b/g, sources).filter((name) => !known.includes(name))).toEqual([])
})
