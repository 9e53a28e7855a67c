import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { addressOf, knownWeights } from '../../lib/weights/table.js'
import { checkWords, sizeWords } from '../../lib/weights/words.js'

test('docs/weights.md has a row for each name: address, size, check, and where hash and licence were read', () => {
  const rows = readFileSync('docs/weights.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| `[\w-]+` \| (generator|clip) \|/.test(line))
    .map((line) => line.slice(2, -2).split(' | '))
  const expected = knownWeights.map((known) => [
    `\`${known.name}\``,
    known.use,
    `<${addressOf(known)}>`,
    sizeWords(known) ?? 'not stated',
    checkWords(known.check),
    known.check.read,
    `${known.license} (${known.licenseRead})`,
  ])
  expect(rows).toEqual(expected)
})
