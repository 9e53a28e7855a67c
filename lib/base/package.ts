import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SemplesError } from './error.js'

// A bundler leaves `import.meta.url` undefined (CommonJS) or makes it the address of the bundle.
const here: string | undefined = import.meta.url

/** The folder of the package: lib/base in a clone and dist/base in the package are two levels below it. */
const folder = here === undefined ? undefined : resolve(dirname(fileURLToPath(here)), '..', '..')

/** Path of a file or folder of the package, whether or not it is there. */
export function packagePath(...parts: string[]): string {
  return join(folder ?? '', ...parts)
}

interface PackageFile {
  name: string
  version: string
  engines?: { node?: string }
}

let known: { folder: string; file: PackageFile } | undefined

/**
 * The folder of the package.
 * @throws SemplesError `SEMPLES_BUNDLED` where a bundler has taken this code out of it
 */
export function packageFolder(): string {
  return thisPackage().folder
}

/** Version of this package. */
export function packageVersion(): string {
  return thisPackage().file.version
}

/** Versions of Node that this package runs on, e.g. `>=22.12.0`. */
export function nodeRange(): string | undefined {
  return thisPackage().file.engines?.node
}

/** `require` from the package, for dependencies that are loaded on demand at once. */
export function packageRequire(): NodeJS.Require {
  return createRequire(join(packageFolder(), 'package.json'))
}

function thisPackage(): { folder: string; file: PackageFile } {
  if (known !== undefined) return known
  const file = folder === undefined ? undefined : readPackage(join(folder, 'package.json'))
  if (folder !== undefined && file?.name === 'semples') {
    known = { folder, file }
    return known
  }
  throw new SemplesError('SEMPLES_BUNDLED', {
    message: 'The files of the package semples are not beside its code: a bundler has put it elsewhere.',
    hint: 'Keep semples external: esbuild --external:semples, rollup external: ["semples"], webpack externals, Vite ssr.external.',
  })
}

function readPackage(path: string): PackageFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PackageFile
  } catch {
    return undefined
  }
}
