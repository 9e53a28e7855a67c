// npm test [-- jest arguments]: builds what is missing, makes the Python environment, runs jest.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pythonEnvironment } from './python-env.mjs'
import { build } from './steps/build.mjs'
import { main, root } from './steps/process.mjs'

await main(async () => {
  const results = join(root, 'build', 'test-results.json')
  rmSync(results, { force: true })
  await build()
  const python = await pythonEnvironment()
  mkdirSync(join(root, 'build'), { recursive: true })
  const parameters = [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--json',
    `--outputFile=${results}`,
    ...process.argv.slice(2),
  ]
  // Test processes compete for the cores: waiting OpenMP threads sleep at once.
  const env = { OMP_WAIT_POLICY: 'passive', ...process.env, SEMPLES_PYTHON: python }
  return spawnSync(process.execPath, parameters, { cwd: root, env, stdio: 'inherit' }).status ?? 1
})
