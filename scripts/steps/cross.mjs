import { mkdirSync } from 'node:fs'
import { arch } from 'node:os'
import { join } from 'node:path'
import { ask, run, StepError } from './process.mjs'

/**
 * What CMake needs beside a sysroot to build for another processor than this machine's: nothing where it is the same.
 * LibTorch's headers are the same for all; its libraries are replaced by empty ones of the same names, for a linker takes
 * no more from them than that they are asked for.
 * @param folder where those libraries are put
 * @param system what `ensureSysroot` has given
 */
export function crossVariables(architecture, folder, system) {
  if (architecture === arch()) return {}
  if (system === undefined) {
    throw new StepError(`Building for ${architecture} on ${arch()} needs SEMPLES_SYSROOT=debian11 (not --here).`)
  }
  const triplet = system.variables.SEMPLES_TRIPLET
  if (ask(`${triplet}-g++`, ['--version']) === undefined) {
    throw new StepError(
      `Building for ${architecture} needs ${triplet}-g++. On Debian and Ubuntu: sudo apt-get install -y g++-${triplet.replace('_', '-')}`,
    )
  }
  mkdirSync(folder, { recursive: true })
  for (const name of ['libtorch_cpu.so', 'libc10.so']) {
    const output = ['-o', join(folder, name), `-Wl,-soname,${name}`]
    run(`${triplet}-g++`, ['-shared', '-nostdlib', ...output, '-x', 'c', '/dev/null'], { quiet: true })
  }
  return { SEMPLES_LIBTORCH_LIBRARIES: folder }
}

/** The program that strips what was built. */
export function stripProgram(architecture, system) {
  return architecture === arch() ? 'strip' : `${system.variables.SEMPLES_TRIPLET}-strip`
}
