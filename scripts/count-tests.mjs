// Prints 'N passed, N failed', with ', N skipped' where there are any, for the last `npm test`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps/process.mjs'
import { countTests } from './steps/skipped.mjs'

const file = join(root, 'build', 'test-results.json')
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { numPassedTests: 0, numFailedTests: 1 }
const { passed, failed, skipped } = countTests(results)
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
