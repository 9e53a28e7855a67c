// Makes .venv with the packages of requirements.txt, once; run by itself it prints the path of that Python.
import { existsSync } from 'node:fs'
import { main, StepError, say } from './steps/process.mjs'
import { ensureVenv, pipInstall, venvPython } from './steps/python.mjs'
import { fingerprint, once } from './steps/stamp.mjs'

const requirements = 'scripts/requirements.txt'
const torchIndex = process.env.SEMPLES_TORCH_INDEX || 'https://download.pytorch.org/whl/cpu'

/** The Python to compare with: SEMPLES_PYTHON, else .venv; an empty string where there is none, after saying why. */
export async function pythonEnvironment() {
  if (process.env.SEMPLES_PYTHON !== undefined) return process.env.SEMPLES_PYTHON
  try {
    ensureVenv()
    await once('.venv/.stamp', fingerprint([requirements]), () => {
      say('Installing torch and numpy into .venv')
      installRequirements()
    })
    return venvPython
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    say(`Tests that compare with Python are skipped. ${error.message}`)
    return ''
  }
}

/** PyTorch's index is added only where the user's own indexes and find-links do not have the wheel. */
function installRequirements() {
  const parameters = ['--requirement', requirements]
  try {
    pipInstall(['--quiet', ...parameters])
  } catch {
    pipInstall([...parameters, '--extra-index-url', torchIndex], 'pip could not install scripts/requirements.txt.')
  }
}

if (process.argv[1] === import.meta.filename) {
  await main(async () => {
    const python = await pythonEnvironment()
    if (python !== '' && existsSync(python)) process.stdout.write(`${python}\n`)
  })
}
