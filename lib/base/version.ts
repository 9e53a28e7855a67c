import { readFileSync } from 'node:fs'

/** package.json lies beside both lib/ and dist/. */
function packageJson(): { version: string; engines?: { node?: string } } {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
}

/** Version of this package. */
export function packageVersion(): string {
  return packageJson().version
}

/** Versions of Node that this package runs on, e.g. `>=20.19`; undefined where a bundler left them out. */
export function nodeRange(): string | undefined {
  return packageJson().engines?.node
}
