import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from '../../native/machine.js'

/** A CUDA toolkit: compiler and headers, which building needs and running does not. */
export interface Toolkit {
  /** E.g. `13.0`. */
  version: string
  /** A folder, or `nvcc` for the compiler on the PATH. */
  path: string
}

export interface ToolkitFacts {
  toolkit?: Toolkit
  /** A folder that CUDA_HOME or CUDA_PATH names and that holds no toolkit. */
  vainToolkit?: { variable: string; path: string }
}

/** Looks at CUDA_HOME and CUDA_PATH, then for nvcc on the PATH, then at /usr/local/cuda. */
export async function readToolkit({ root, environment, run }: Machine): Promise<ToolkitFacts> {
  let vain: ToolkitFacts['vainToolkit']
  for (const variable of ['CUDA_HOME', 'CUDA_PATH']) {
    const path = environment[variable]
    if (!path) continue
    const version = await versionIn(join(root, path), run)
    if (version !== undefined) return { toolkit: { version, path } }
    vain ??= { variable, path }
  }
  const facts = vain === undefined ? {} : { vainToolkit: vain }
  const onPath = await versionOfCompiler('nvcc', run)
  if (onPath !== undefined) return { ...facts, toolkit: { version: onPath, path: 'nvcc' } }
  const usual = await versionIn(join(root, '/usr/local/cuda'), run)
  return usual === undefined ? facts : { ...facts, toolkit: { version: usual, path: '/usr/local/cuda' } }
}

async function versionIn(folder: string, run: Machine['run']): Promise<string | undefined> {
  const compiler = join(folder, 'bin', 'nvcc')
  return stated(join(folder, 'version.json')) ?? (existsSync(compiler) ? versionOfCompiler(compiler, run) : undefined)
}

/** `{ "cuda": { "version": "13.0.20250819" } }` */
function stated(file: string): string | undefined {
  try {
    const { cuda } = JSON.parse(readFileSync(file, 'utf8')) as { cuda?: { version?: unknown } }
    return typeof cuda?.version === 'string' ? /^\d+\.\d+/.exec(cuda.version)?.[0] : undefined
  } catch {
    return undefined
  }
}

/** `Cuda compilation tools, release 13.0, V13.0.88` */
async function versionOfCompiler(compiler: string, run: Machine['run']): Promise<string | undefined> {
  const { status, text } = await run(compiler, ['--version'])
  return status === 0 ? /\brelease (\d+\.\d+)/.exec(text)?.[1] : undefined
}
