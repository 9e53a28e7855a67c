import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run, say } from './process.mjs'
import { fingerprint, once } from './stamp.mjs'

/** Compiles lib/ to dist/ where a source has changed; files of deleted sources go. */
export async function compileTypeScript() {
  const inputs = fingerprint(['lib', 'scripts/steps/commonjs.mjs', 'tsconfig.json', 'package-lock.json'])
  await once('dist/.stamp', inputs, async () => {
    say('Compiling TypeScript')
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], {
      otherwise: 'TypeScript did not compile; see above.',
    })
    const { writeCommonJs } = await import('./commonjs.mjs')
    writeCommonJs()
  })
}
