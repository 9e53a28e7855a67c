import { describe, expect, test } from '@jest/globals'
import { describeDiagnosis } from '../../lib/cli/doctor.js'
import { hasUnicode } from '../../lib/cli/terminal.js'
import { diagnosisOf } from '../../lib/doctor/diagnose.js'
import type { Facts } from '../../lib/doctor/facts.js'
import { subjects } from '../../lib/doctor/finding.js'
import { factsWith, healthy } from '../doctor/fakes.js'
import { needs } from '../support/needs.js'
import { run } from './fakes.js'

const printed = (facts: Facts, terminal = {}) => describeDiagnosis(diagnosisOf(facts), { unicode: true, ...terminal })

describe('what doctor prints', () => {
  const tooOld = factsWith({
    cuda: { driver: { cuda: '12.8', release: '570.86.15' } },
    sharp: { problem: 'Could not load the "sharp" module using the linux-x64 runtime' },
  })

  test('a marked line a subject, aligned, and that all is well', () => {
    const lines = printed(healthy())
    expect(lines[0]).toBe('semples 0.1.0')
    expect(lines.at(-1)).toBe('All is well.')
    const marked = lines.filter((line) => line.startsWith('✓ '))
    expect(marked.map((line) => line.slice(2, 15).trim())).toEqual(subjects)
    for (const line of marked) expect(line.slice(15)).toMatch(/^ {1}\S/)
  })

  test('below each fault the remedy, and what to type in a line of its own', () => {
    const lines = printed(tooOld)
    const at = lines.findIndex((line) => line.startsWith('! CUDA driver'))
    expect(lines[at]).toContain('570.86.15, for CUDA up to 12.8: too old for LibTorch 2.13, which is for CUDA 13.0')
    expect(lines[at + 1]!.trim()).toMatch(
      /^Update the NVIDIA driver to 580 or newer \(https:\/\/www\.nvidia\.com\/drivers\)/,
    )
    expect(lines[at + 2]).toBe(`${' '.repeat(18)}python3 -m venv torch-cuda12`)
    const sharp = lines.findIndex((line) => line.startsWith('✗ sharp'))
    expect(lines.slice(sharp + 1, sharp + 3).map((line) => line.trim())).toEqual([
      'Its compiled parts are optional dependencies, which were left out or are for another system:',
      'npm install --include=optional sharp',
    ])
    expect(lines.at(-1)).toBe('semples cannot work here until what is marked ✗ is mended.')
  })

  test('warnings alone do not keep it from working', () => {
    const lines = printed(factsWith({ memory: { availableBytes: 1e9 } }))
    expect(lines.at(-1)).toBe('semples works here; what is marked ! could be better.')
  })

  test('in 80 columns only paths and commands are longer', () => {
    for (const line of printed(tooOld, { width: 80 })) {
      if (line.length > 80) expect(line.trim()).toMatch(/^(\/|torch-cuda12\/bin\/pip |export )/)
    }
    const words = (lines: string[]) => lines.join(' ').split(/\s+/)
    expect(words(printed(tooOld, { width: 80 }))).toEqual(words(printed(tooOld)))
  })

  test('ASCII where the terminal has no UTF-8, colours where it has them, with the same words', () => {
    const ascii = printed(tooOld, { unicode: false })
    expect(ascii.join('')).toMatch(/^[\x20-\x7e]*$/)
    expect(ascii).toContainEqual(expect.stringMatching(/^ok Node {10}22\.12\.0$/))
    expect(ascii).toContainEqual(expect.stringMatching(/^x {2}sharp/))
    const coloured = printed(tooOld, { colorOut: true })
    expect(coloured.find((line) => line.includes('sharp'))).toContain('\u001b[31m✗')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours
    expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(printed(tooOld))
  })
})

test.each([
  [{ LANG: 'C.UTF-8' }, true],
  [{ LANG: 'de_DE.utf8' }, true],
  [{ LANG: 'de_DE.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'de_DE.UTF-8', LC_ALL: '' }, true],
  [{}, false],
])('the locale %j is one of UTF-8: %s', (environment, expected) =>
  expect(hasUnicode(environment, 'linux')).toBe(expected),
)

needs('build').describe('semples doctor', () => {
  test('ends with status 0 where semples works, 1 where it cannot', async () => {
    expect((await run(['doctor'])).status).toBe(0)
    const broken = await run(['doctor', '--libtorch', '/nowhere'])
    expect(broken.status).toBe(1)
    expect(broken.out.join('\n')).toMatch(/x {2}LibTorch .*was not found/)
  })

  test('--json: one line with all facts and findings', async () => {
    const { out, status } = await run(['doctor', '--json', '--libtorch', '/nowhere'])
    expect([status, out.length]).toEqual([1, 1])
    const result = JSON.parse(out[0]!)
    expect(Object.keys(result).sort()).toEqual(
      [
        ...['version', 'node', 'platform', 'addon', 'libtorch', 'openmp', 'cuda', 'processors', 'memory', 'cache'],
        ...['sharp', 'writeAccess', 'devices', 'findings', 'problems'],
      ].sort(),
    )
    expect(result.findings.map(({ subject }: { subject: string }) => subject)).toEqual(subjects)
    expect(result.findings[3]).toMatchObject({
      subject: 'LibTorch',
      state: 'problem',
      commands: ['npx semples libtorch install'],
    })
  })
})
