// Prints 'N passed, N failed' for the last `npm test`; a test file that could not run counts as a failed test.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps/process.mjs'

const file = join(root, 'build', 'test-results.json')
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { numPassedTests: 0, numFailedTests: 1 }
const failed = results.numFailedTests + (results.numRuntimeErrorTestSuites ?? 0)
process.stdout.write(`${results.numPassedTests} passed, ${failed} failed\n`)
