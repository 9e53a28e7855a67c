// npm test [-- jest arguments]: builds what is missing, makes the Python environment, runs jest, says what was skipped.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pythonEnvironment } from './python-env.mjs'
import { build } from './steps/build.mjs'
import { main, root, say } from './steps/process.mjs'
import { countTests, skippedByReason, skippedLine, strict } from './steps/skipped.mjs'

const results = join(root, 'build', 'test-results.json')

await main(async () => {
  rmSync(results, { force: true })
  await build()
  const python = await pythonEnvironment()
  mkdirSync(join(root, 'build'), { recursive: true })
  const status = runJest(python)
  return Math.max(status, reportSkipped())
})

function runJest(python) {
  const parameters = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${results}`,
    // What a failed test left open must not keep a machine that nobody watches waiting.
    ...(strict ? ['--forceExit'] : []),
    // On two cores jest would take one: tests wait for files and processes half of their time.
    ...(process.argv.includes('--runInBand') ? [] : [`--maxWorkers=${Math.max(2, availableParallelism() - 1)}`]),
    ...process.argv.slice(2),
  ]
  // Test processes compete for the cores: waiting OpenMP threads sleep at once.
  const env = { OMP_WAIT_POLICY: 'passive', ...process.env, SEMPLES_PYTHON: python }
  return spawnSync(process.execPath, parameters, { cwd: root, env, stdio: 'inherit' }).status ?? 1
}

/** One line a reason; the exit status is 1 where CI skipped what an installation would let run. */
function reportSkipped() {
  if (!existsSync(results)) return 0
  const found = JSON.parse(readFileSync(results, 'utf8'))
  for (const group of skippedByReason(found)) say(skippedLine(group))
  const { lacking } = countTests(found)
  if (lacking === 0) return 0
  say(`${lacking} tests were skipped for want of what can be installed, which is a failure where CI is set.`)
  return 1
}
