import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ask, root, run, StepError, say } from './process.mjs'

const folder = join(root, '.venv')

/** The Python of the repository's own environment. */
export const venvPython = join(folder, 'bin', 'python')

/** Makes .venv where it is missing. Throws a StepError where there is no Python 3 or it cannot make environments. */
export function ensureVenv() {
  if (existsSync(venvPython) && ask(venvPython, ['-m', 'pip', '--version']) !== undefined) return
  if (ask('python3', ['--version']) === undefined) throw new StepError('There is no python3 on the PATH.')
  say('Making a Python environment in .venv')
  run('python3', ['-m', 'venv', '--clear', folder], {
    quiet: true,
    otherwise: 'python3 cannot make environments. On Debian and Ubuntu: sudo apt-get install -y python3-venv',
  })
}

/** `pip install` into .venv with the user's own configuration; an unreachable index costs seconds. */
export function pipInstall(parameters, otherwise) {
  run(
    venvPython,
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
