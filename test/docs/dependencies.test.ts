import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const { dependencies, devDependencies } = JSON.parse(read('package.json'))

/** The packages of the tables in docs/dependencies.md with their licences, by heading. */
const sections = read('docs/dependencies.md')
  .split(/^## /m)
  .map((section) =>
    Array.from(section.matchAll(/^\| `([^`]+)` \|(.+)\|$/gm), ([, name, cells]): [string, string] => [
      name,
      cells.split('|').at(-1)!.trim(),
    ]),
  )
const runtime = sections[1]
const development = [...sections[3], ...sections[4].filter(([name]) => !pythonPackages().includes(name))]

function pythonPackages(): string[] {
  return Array.from(read('scripts/requirements.txt').matchAll(/^([a-z][\w-]*)==/gm), ([, name]) => name)
}

test('every package of package.json has its line, and no other', () => {
  expect(runtime.map(([name]) => name).sort()).toEqual(Object.keys(dependencies).sort())
  expect(development.map(([name]) => name).sort()).toEqual(Object.keys(devDependencies).sort())
})

test('every Python package of scripts/requirements.txt has its line', () => {
  const named = sections[4].map(([name]) => name)
  expect(pythonPackages()).toContain('torch')
  expect(pythonPackages().filter((name) => !named.includes(name))).toEqual([])
})

test.each([...runtime, ...development])('%s is under the licence that it states: %s', (name, licence) => {
  expect(licence).toBe(JSON.parse(read(`node_modules/${name}/package.json`)).license)
})

test('licences of what packages bring along are the ones named', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { license?: string; dev?: boolean; devOptional?: boolean }>
  }
  const published = Object.entries(packages).filter(([path, entry]) => path !== '' && !entry.dev && !entry.devOptional)
  const licences = new Set(
    published.filter(([path]) => !path.includes('/@img/sharp-')).map(([, { license }]) => license),
  )
  expect([...licences].sort()).toEqual([
    '(Apache-2.0 AND BSD-3-Clause)',
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BlueOak-1.0.0',
    'ISC',
    'MIT',
  ])
})
