import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { askProgram, onPath, type RunProgramOptions, runProgram } from '../../base/program.js'

/** Absolute paths of what a build calls. */
export interface BuildTools {
  compiler: string
  cmake: string
  ninja: string
}

const oldestCMake = [3, 19] as const
const oldestGcc = 10
const oldestClang = 12
const wheels = { cmake: 'cmake==4.4.4', ninja: 'ninja==1.13.2' }

const compilerHint =
  'On Debian and Ubuntu: sudo apt-get install -y g++ — on Fedora and RHEL: sudo dnf install -y gcc-c++'
const toolsHint =
  'Put CMake 3.19 or newer and Ninja on the PATH, or Python 3, which fetches them. On Debian and Ubuntu: sudo apt-get install -y cmake ninja-build'

/**
 * A C++20 compiler, CMake and Ninja of the PATH; CMake and Ninja that are missing are installed from PyPI into a Python
 * environment of semples.
 * @param environment folder of that environment; made where it is missing
 * @param say receives a line for what is installed
 * @throws SemplesError `SEMPLES_BUILD_FAILED`: what is missing, and how it is installed
 */
export async function findBuildTools(
  environment: string,
  say: (line: string) => void = () => {},
  options: Pick<RunProgramOptions, 'signal'> = {},
): Promise<BuildTools> {
  const compiler = findCompiler()
  const python = new PythonEnvironment(environment, say, options)
  const cmake = (await tool('cmake', usableCMake, python)) ?? ''
  const ninja = (await tool('ninja', (file) => askProgram(file, ['--version']) !== undefined, python)) ?? ''
  return { compiler, cmake, ninja }
}

async function tool(
  name: keyof typeof wheels,
  usable: (file: string) => boolean,
  python: PythonEnvironment,
): Promise<string> {
  const own = python.program(name)
  const found = [onPath(name), own].find((file) => file !== undefined && existsSync(file) && usable(file))
  if (found !== undefined) return found
  const reason = await python.install(name, wheels[name])
  if (reason === undefined) return own
  throw new SemplesError('SEMPLES_BUILD_FAILED', {
    message: `${name} is needed to build the addon and was not found: ${reason}.`,
    hint: toolsHint,
  })
}

function usableCMake(file: string): boolean {
  const [major = 0, minor = 0] = (/version (\d+)\.(\d+)/.exec(askProgram(file, ['--version']) ?? '') ?? [])
    .slice(1)
    .map(Number)
  return major > oldestCMake[0] || (major === oldestCMake[0] && minor >= oldestCMake[1])
}

/** CXX, else the first compiler of the PATH, if it knows C++20. */
function findCompiler(): string {
  const compiler = process.env.CXX || ['c++', 'g++', 'clang++'].map(onPath).find((file) => file !== undefined)
  if (compiler === undefined) throw noCompiler('A C++ compiler is needed to build the addon and none was found.')
  const version = askProgram(compiler, ['--version'])
  if (version === undefined) throw noCompiler(`The C++ compiler ${compiler} cannot be run.`)
  const clang = /clang version (\d+)/.exec(version)?.[1]
  const gcc = clang === undefined ? /\) (\d+)\./.exec(version)?.[1] : undefined
  if (Number(clang) < oldestClang || Number(gcc) < oldestGcc) {
    const first = version.split('\n', 1)[0]
    throw noCompiler(`${first} is too old: GCC ${oldestGcc} or Clang ${oldestClang} is needed.`)
  }
  return compiler
}

function noCompiler(message: string): SemplesError {
  return new SemplesError('SEMPLES_BUILD_FAILED', { message, hint: compilerHint })
}

/** A Python environment that is made when something is first installed into it. */
class PythonEnvironment {
  constructor(
    private readonly folder: string,
    private readonly say: (line: string) => void,
    private readonly options: Pick<RunProgramOptions, 'signal'>,
  ) {}

  program(name: string): string {
    return join(this.folder, 'bin', name)
  }

  /** @returns why it failed */
  async install(name: string, wheel: string): Promise<string | undefined> {
    const python = this.program('python')
    if (askProgram(python, ['-m', 'pip', '--version']) === undefined) {
      const system = onPath('python3')
      if (system === undefined) return 'there is no python3 on the PATH to fetch it with'
      const made = await runProgram(system, ['-m', 'venv', '--clear', this.folder], this.options)
      if (made.status !== 0) return 'python3 cannot make environments (on Debian and Ubuntu: python3-venv)'
    }
    this.say(`Installing ${name} into ${this.folder}`)
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--progress-bar=off']
    const { status, lines } = await runProgram(python, [...pip, '--retries=2', '--timeout=30', wheel], this.options)
    return status === 0 ? undefined : `pip could not install ${wheel}: ${lines.at(-1) ?? 'no message'}`
  }
}
