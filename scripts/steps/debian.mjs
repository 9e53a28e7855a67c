import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ask, run, StepError, say } from './process.mjs'
import { requirements, strict } from './skipped.mjs'

/** Whether a machine has what an entry of requirements.json with Debian packages brings. */
const present = {
  debian11: () => process.arch !== 'x64' || onPath(requirements.debian11.programs),
  chromium: () => Boolean(process.env.SEMPLES_CHROMIUM) || onPath(requirements.chromium.programs),
  python: () =>
    process.env.SEMPLES_PYTHON !== undefined || ask('python3', ['-c', 'import ensurepip, venv']) !== undefined,
  sanitizers: () => Boolean(process.env.CXX) || onPath(requirements.sanitizers.programs),
}

/**
 * What building and testing need of the system and this machine lacks. With CI set, as root on Debian, it is installed;
 * elsewhere one line each says how. Nothing is ever installed on a person's machine.
 */
export function ensureSystemPackages() {
  const missing = Object.keys(present).filter((name) => !present[name]())
  if (missing.length === 0) return
  if (strict && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    install(missing.flatMap((name) => requirements[name].debian))
    return
  }
  for (const name of missing) say(`${requirements[name].missing}. On Debian and Ubuntu: ${requirements[name].install}`)
}

/** A failure is said and no more: the tests that then are skipped decide. */
function install(packages) {
  say(`Installing ${packages.join(', ')} (apt-get)`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  try {
    run('apt-get', ['update'], { env, quiet: true })
    run('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { env, quiet: true })
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    say(error.message)
  }
}

function onPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).some(isProgram)
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
