import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './process.mjs'

/** What tests may need and a machine may lack; test/support/needs.ts puts `missing` into the titles of skipped tests. */
export const requirements = JSON.parse(readFileSync(join(root, 'test', 'support', 'requirements.json'), 'utf8'))

/** Whether a skipped test that could run here after an installation is a failure. */
export const strict = !['', '0', 'false'].includes(process.env.CI ?? '')

/**
 * The skipped tests of jest's JSON results by reason, most first. `install` is present where an installation would let
 * them run; tests left out by `-t` have no reason and are not counted.
 */
export function skippedByReason(results) {
  const groups = new Map()
  for (const { assertionResults = [] } of results.testResults ?? []) {
    for (const { status, fullName } of assertionResults) {
      const reason = status === 'pending' ? /\(skipped: ([^)]+)\)/.exec(fullName)?.[1] : undefined
      if (reason !== undefined) groups.set(reason, (groups.get(reason) ?? 0) + 1)
    }
  }
  const known = Object.values(requirements)
  return [...groups]
    .map(([reason, count]) => ({ reason, count, install: known.find(({ missing }) => missing === reason)?.install }))
    .sort((a, b) => b.count - a.count)
}

/** `33 skipped: no Chromium (apt-get install chromium)` */
export function skippedLine({ reason, count, install }) {
  return `${count} skipped: ${reason}${install === undefined ? '' : ` (${install})`}`
}

/**
 * Passed, failed and skipped tests of jest's JSON results. A test file that could not run counts as a failed test.
 * @param isStrict skipped tests that an installation would let run count as failed
 */
export function countTests(results, isStrict = strict) {
  const skipped = skippedByReason(results)
  const sum = (groups) => groups.reduce((total, { count }) => total + count, 0)
  const lacking = isStrict ? sum(skipped.filter(({ install }) => install !== undefined)) : 0
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + (results.numRuntimeErrorTestSuites ?? 0) + lacking,
    skipped: sum(skipped) - lacking,
    lacking,
  }
}
