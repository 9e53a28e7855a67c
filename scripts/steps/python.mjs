import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ask, root, run, StepError, say } from './process.mjs'

/** The Python of an environment in a folder of the repository. */
export const pythonOf = (folder) => join(root, folder, 'bin', 'python')

/** The Python of the repository's own environment. */
export const venvPython = pythonOf('.venv')

/**
 * Makes an environment where it is missing. Throws a StepError where there is no Python 3 or it cannot make
 * environments.
 */
export function ensureVenv(folder = '.venv') {
  const python = pythonOf(folder)
  if (existsSync(python) && ask(python, ['-m', 'pip', '--version']) !== undefined) return
  if (ask('python3', ['--version']) === undefined) throw new StepError('There is no python3 on the PATH.')
  say(`Making a Python environment in ${folder}`)
  run('python3', ['-m', 'venv', '--clear', join(root, folder)], {
    quiet: true,
    otherwise: 'python3 cannot make environments. On Debian and Ubuntu: sudo apt-get install -y python3-venv',
  })
}

/** `pip install` into an environment with the user's own configuration; an unreachable index costs seconds. */
export function pipInstall(parameters, otherwise, python = venvPython) {
  run(
    python,
    [
      '-m',
      'pip',
      'install',
      '--disable-pip-version-check',
      '--progress-bar=off',
      '--retries=2',
      '--timeout=30',
      ...parameters,
    ],
    {
      quiet: true,
      otherwise,
    },
  )
}
