import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { environmentVariables } from '../../lib/base/env.js'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const declared = Object.keys(environmentVariables)

/** The sources of a folder, by path. */
function sourcesOf(folder: string): [string, string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(tsx?|mjs|py)$/.test(name))
    .map((name) => [join(folder, name), readFileSync(join(root, folder, name), 'utf8')])
}

test('docs/environment.md lists every variable that is declared, and no other', () => {
  const rows = readFileSync(join(root, 'docs/environment.md'), 'utf8').split('\n')
  const listed = rows.flatMap((row) => /^\| `(SEMPLES_[A-Z0-9_]+)` \|.+\|.+\|$/.exec(row)?.[1] ?? [])
  expect(listed).toEqual(declared)
})

test('every variable that scripts and tests read is declared', () => {
  const read = [...sourcesOf('scripts'), ...sourcesOf('test')].flatMap(([, text]) =>
    Array.from(text.matchAll(/\benv(?:iron)?(?:\.|\[['"])(SEMPLES_[A-Z0-9_]+)/g), ([, name]) => name),
  )
  expect(read).toContain('SEMPLES_GOLDEN')
  expect(read.filter((name) => !declared.includes(name))).toEqual([])
})

test('the package reads its variables in lib/base/env.ts alone', () => {
  const past = sourcesOf('lib').filter(([, text]) => /process\.env(\.|\[['"])SEMPLES_/.test(text))
  expect(past.map(([file]) => file)).toEqual([])
})
