import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { SemplesError } from '../../base/error.js'
import { packageRequire } from '../../base/package.js'
import { type RunProgramOptions, runProgram } from '../../base/program.js'
import type { BuildTools } from './tools.js'

export interface CompileOptions extends RunProgramOptions {
  tools: BuildTools
  /** Folder with CMakeLists.txt and native/. */
  source: string
  /** Folder for what CMake makes. */
  binary: string
  /** Folder of LibTorch with `include` and `lib`. */
  libtorch: string
}

/** Most of the addon's sources include ATen; each needs about this much memory to compile. */
const memoryOfOneJob = 1.5e9

/** Compilers at work at the same time: one a processor, as far as memory goes. */
export function compileJobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / memoryOfOneJob)))
}

/**
 * Compiles the addon by CMake and Ninja.
 * @returns the folder with `semples.node` and `semples_loader.node`
 * @throws SemplesError `SEMPLES_BUILD_FAILED` with the compiler's first error; the signal's reason
 */
export async function compileAddon(options: CompileOptions): Promise<string> {
  const { tools, source, binary, libtorch, ...running } = options
  const output = join(binary, 'Release')
  const headers = copyHeaders(binary)
  const env = { PATH: [dirname(process.execPath), process.env.PATH].join(':') }
  const step = async (parameters: string[]) => {
    const { status, lines } = await runProgram(tools.cmake, parameters, { ...running, env })
    if (status !== 0) throw compileFailed(lines, binary)
  }
  await step([
    ...['-S', source, '-B', binary, '-G', 'Ninja'],
    '-DCMAKE_BUILD_TYPE=Release',
    `-DCMAKE_CXX_COMPILER=${tools.compiler}`,
    `-DCMAKE_MAKE_PROGRAM=${tools.ninja}`,
    `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${output}`,
    `-DSEMPLES_LIBTORCH=${libtorch}`,
    `-DNODE_ADDON_API_DIR=${headers}`,
    `-DNODE_API_HEADERS_DIR=${headers}`,
  ])
  await step(['--build', binary, '--parallel', String(compileJobs())])
  return output
}

/** The headers of Node-API as files that a compiler can read: a package manager may keep packages in archives. */
function copyHeaders(binary: string): string {
  const { resolve } = packageRequire()
  const target = join(binary, 'headers')
  mkdirSync(target, { recursive: true })
  for (const [name, folder] of Object.entries({ 'node-addon-api': '.', 'node-api-headers': 'include' })) {
    const source = join(dirname(resolve(`${name}/package.json`)), folder)
    for (const file of readdirSync(source).filter((each) => each.endsWith('.h'))) {
      const text = readFileSync(join(source, file))
      // Written again it would be newer than all that was compiled with it.
      if (!existsSync(join(target, file))) writeFileSync(join(target, file), text)
    }
  }
  return target
}

function compileFailed(lines: string[], binary: string): SemplesError {
  const first = lines.find((line) => /\b(?:fatal )?error\b|CMake Error/i.test(line)) ?? lines.at(-1)
  return new SemplesError('SEMPLES_BUILD_FAILED', {
    message: `The addon did not compile: ${first?.trim() ?? 'no message'}.`,
    file: binary,
    hint: 'Where memory is short, end other programs. The same command goes on where it stopped.',
  })
}
