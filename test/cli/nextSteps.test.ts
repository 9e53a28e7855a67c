import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { run, runResult } from './fakes.js'

const root = mkdtempSync(join(tmpdir(), 'semples next-'))
const photos = join(root, "my 'photos'")
mkdirSync(photos)

test.each<[string, string[]]>([
  ['train', ['train', '--data', photos, '--preset', 'demo', '--out', join(root, 'run')]],
  ['convert', ['convert', '--data', photos, '--out', photos]],
  ['data check', ['data', 'check', photos]],
  ['scenes', ['scenes', '--out', photos]],
])('N20: the next step that %s prints can be typed as it is printed', async (_, words) => {
  const writeScenes = async () => {
    writeFileSync(join(photos, 'train.csv'), 'file,labels\n')
    return { reused: false }
  }
  const train = async () => ({ ...runResult, out: photos })
  const { status, out } = await run(words, { writeScenes, train })
  expect(status).toBe(0)
  const command = /npx semples .*/.exec(out.at(-1)!)?.[0]
  expect(command).toBeDefined()
  // A shell takes it apart.
  const typed = execFileSync('sh', ['-c', `npx() { printf '%s\\n' "$@"; }; ${command}`], { encoding: 'utf8' })
  const [program, ...next] = typed.trimEnd().split('\n')
  expect([program, next.includes(photos)]).toEqual(['semples', true])
  expect((await run(next)).err).toEqual([])
})

test('N20: help says where its examples can be typed, and errors name commands that can be', async () => {
  expect((await run(['masks', '--help'])).out.join('\n')).toMatch(
    /Examples \(in a project that has semples: npx semples/,
  )
  expect((await run(['masks'])).err.join('\n')).toContain('type: npx semples masks --help')
  expect((await run(['config', 'nothing'])).err.join('\n')).toContain('type: npx semples config')
})
