import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { countTests, skippedByReason, skippedLine } from '../../scripts/steps/skipped.mjs'
import { requirements } from '../support/needs.js'

/** Results as jest writes them: the status and full name of each test. */
function results(...tests: [status: string, name: string][]) {
  const count = (wanted: string) => tests.filter(([status]) => status === wanted).length
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numRuntimeErrorTestSuites: 0,
    testResults: [{ assertionResults: tests.map(([status, fullName]) => ({ status, fullName })) }],
  }
}

const { chromium, pictures } = requirements
const some = results(
  ['passed', 'adds'],
  ['failed', 'subtracts'],
  ['pending', `real pictures (skipped: ${pictures.missing}) are read`],
  ['pending', `a report (skipped: ${chromium.missing}) opens`],
  ['pending', `a report (skipped: ${chromium.missing}) closes`],
  // Left out by `-t`.
  ['pending', 'something else'],
)

describe('skipped tests', () => {
  test('are counted by reason, most first, with what to install', () => {
    const groups = skippedByReason(some)
    expect(groups.map(({ count }) => count)).toEqual([2, 1])
    expect(groups.map(skippedLine)).toEqual([
      '2 skipped: no Chromium (apt-get install chromium)',
      `1 skipped: ${pictures.missing}`,
    ])
  })

  test('are failures in CI where an installation would let them run', () => {
    expect(countTests(some, true)).toEqual({ passed: 1, failed: 3, skipped: 1, lacking: 2 })
    expect(countTests(some, false)).toEqual({ passed: 1, failed: 1, skipped: 3, lacking: 0 })
  })

  test('for want of data fail nowhere', () => {
    const lackingData = results(['passed', 'adds'], ['pending', `x (skipped: ${pictures.missing})`])
    expect(countTests(lackingData, true)).toMatchObject({ failed: 0, skipped: 1 })
  })

  test('a test file that could not run is a failure', () => {
    expect(countTests({ ...results(['passed', 'adds']), numRuntimeErrorTestSuites: 2 }, false)).toMatchObject({
      ...{ passed: 1, failed: 2 },
    })
  })
})

describe('the table of what tests need', () => {
  test('has a reason of its own for each entry, which fits into a title', () => {
    const reasons = Object.values(requirements).map(({ missing }) => missing)
    expect(new Set(reasons).size).toBe(reasons.length)
    for (const reason of reasons) expect(reason).not.toMatch(/[()]/)
  })

  test('what Debian offers says how to install it', () => {
    for (const { debian = [], install } of Object.values(requirements))
      for (const name of debian) expect(install).toContain(`apt-get install ${name}`)
  })
})

test('no test is skipped, or runs alone, past test/support/needs.ts', () => {
  const folder = join(import.meta.dirname, '..')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.tsx?$/.test(name) && name !== join('support', 'needs.ts'),
  )
  const past = files.filter((name) =>
    /\b(?:describe|test|it)\.(?:skip|only|todo)\b|\b[xf](?:describe|test|it)\(/.test(
      readFileSync(join(folder, name), 'utf8'),
    ),
  )
  expect(past).toEqual([])
})
