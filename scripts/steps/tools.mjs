import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ask, root, StepError, say } from './process.mjs'
import { ensureVenv, pipInstall } from './python.mjs'

const oldestCMake = [3, 19]
const oldestGcc = 10
const oldestClang = 12
const wheels = { cmake: 'cmake==4.4.4', ninja: 'ninja==1.13.2' }

/** Paths of cmake and ninja; those that are not on the PATH are installed from PyPI into .venv. */
export function buildTools() {
  return { cmake: tool('cmake', usableCMake), ninja: tool('ninja', (file) => ask(file, ['--version']) !== undefined) }
}

function tool(name, usable) {
  const own = join(root, '.venv', 'bin', name)
  const found = [onPath(name), own].find((file) => file !== undefined && existsSync(file) && usable(file))
  if (found !== undefined) return found
  say(`Installing ${name} into .venv`)
  const byHand = `On Debian and Ubuntu: sudo apt-get install -y cmake ninja-build`
  try {
    ensureVenv()
    pipInstall([wheels[name]], `${name} could not be installed.`)
  } catch (error) {
    throw new StepError(`${name} is needed to build the addon and was not found. ${error.message} ${byHand}`)
  }
  return own
}

function usableCMake(file) {
  const [major, minor] = (/version (\d+)\.(\d+)/.exec(ask(file, ['--version']) ?? '') ?? []).slice(1).map(Number)
  return major > oldestCMake[0] || (major === oldestCMake[0] && minor >= oldestCMake[1])
}

/** Says in one sentence what is missing where there is no compiler for C++20. */
export function checkCompiler() {
  const hint = 'On Debian and Ubuntu: sudo apt-get install -y g++ — on Fedora and RHEL: sudo dnf install -y gcc-c++'
  const named = process.env.CXX
  const compiler = named ?? ['c++', 'g++', 'clang++'].find((name) => onPath(name) !== undefined)
  if (compiler === undefined)
    throw new StepError(`A C++ compiler is needed to build the addon and none was found. ${hint}`)
  const version = ask(compiler, ['--version'])
  if (version === undefined) throw new StepError(`The C++ compiler ${compiler} cannot be run. ${hint}`)
  const clang = /clang version (\d+)/.exec(version)?.[1]
  const gcc = clang === undefined ? /\) (\d+)\./.exec(version)?.[1] : undefined
  if (Number(clang) < oldestClang || Number(gcc) < oldestGcc) {
    throw new StepError(
      `${version.split('\n', 1)[0]} is too old: GCC ${oldestGcc} or Clang ${oldestClang} is needed. ${hint}`,
    )
  }
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}
