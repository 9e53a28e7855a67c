import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { resolveConfig } from '../../lib/config/resolve.js'
import { configWarnings } from '../../lib/runs/warnings.js'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'semples-warnings-'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Warnings of a run with an archive of that name, of which nothing but the file beside it is read. */
function warningsWith(name: string, beside: unknown) {
  if (beside !== undefined) writeFileSync(join(folder, `${name}.json`), JSON.stringify(beside))
  const config = resolveConfig({
    data: { folder: 'photos' },
    generator: { weights: 'deit.pth' },
    clip: join(folder, `${name}.pt`),
    out: 'runs/first',
  })
  return configWarnings(config)
}

test('a stand-in for CLIP says what it is and which words it knows', () => {
  const notice = "A stand-in for CLIP. It is not the paper's CLIP and gives no published figure."
  const warnings = warningsWith('stand-in', {
    notice,
    words: [
      { word: 'cow', ids: [1] },
      { word: 'grass', ids: [2] },
    ],
  })
  expect(warnings).toEqual([`${notice} Its words: cow, grass.`])
})

test.each([
  ['alone', undefined],
  ['other', { hello: 'world' }],
  ['list', [1, 2]],
])('an archive %s beside which there is no such file says nothing', (name, beside) => {
  expect(warningsWith(name, beside)).toEqual([])
})
