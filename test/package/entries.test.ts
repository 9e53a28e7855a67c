import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build, type Format, stop } from 'esbuild'
import { needs } from '../support/needs.js'
import { programFolder, repository } from './packed.js'

const run = promisify(execFile)

needs('build').describe('a program with semples in its node_modules', () => {
  let folder: string
  beforeAll(async () => {
    folder = (await programFolder()).folder
  })
  afterAll(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const node = async (file: string) => {
    const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder })
    return { stdout: stdout.trim(), stderr }
  }

  test('gets the same objects by import and by require, without a warning', async () => {
    const program = write(
      'both.cjs',
      `const required = require('semples')
import('semples').then((imported) => {
  const differing = Object.keys(imported).filter((name) => name !== 'module.exports' && imported[name] !== required[name])
  console.log(Object.keys(required).length > 20, differing.join())
})`,
    )
    expect(await node(program)).toEqual({ stdout: 'true', stderr: '' })
  })

  describe('in TypeScript', () => {
    const program = `import { readMask, refineMasks, SemplesError, trainSemPLeS, type LabelMap, type Logger } from 'semples'
const logger: Logger = console
export async function main(): Promise<LabelMap> {
  const { out } = await trainSemPLeS({ data: { folder: 'photos' }, clip: 'clip.pt', out: 'runs/a', logger })
  for await (const { name, error } of refineMasks({ images: 'photos', cams: out }, { out: 'refined' })) console.log(name, error)
  try {
    return await readMask('a.png')
  } catch (error) {
    if (error instanceof SemplesError) console.log(error.code)
    throw error
  }
}
// @ts-expect-error: not a number
void trainSemPLeS({ out: 3 })
`
    test.each([
      ['node16', 'node16', 'esm.mts'],
      ['node16', 'node16', 'common.cts'],
      ['esnext', 'bundler', 'bundled.ts'],
    ])(
      'module %s, resolution %s: %s',
      async (module, resolution, name) => {
        const file = write(name, program)
        const options = {
          strict: true,
          noEmit: true,
          target: 'es2022',
          types: ['node'],
          module,
          moduleResolution: resolution,
        }
        const config = write(`${name}.json`, JSON.stringify({ compilerOptions: options, files: [file] }))
        const tsc = join(repository, 'node_modules/typescript/bin/tsc')
        const { stdout } = await run(process.execPath, [tsc, '-p', config], { cwd: folder }).catch(
          (error: { stdout: string }) => error,
        )
        expect(stdout).toBe('')
      },
      60_000,
    )
  })

  describe('bundled', () => {
    /** Bundles a program and says what it printed. */
    const bundled = async (format: Format, text: string, external: string[] = []) => {
      const outfile = join(folder, `bundle-${format}-${external.length}.${format === 'cjs' ? 'cjs' : 'mjs'}`)
      const entry = write(`app-${format}.mjs`, text)
      await build({
        entryPoints: [entry],
        outfile,
        bundle: true,
        platform: 'node',
        format,
        external,
        logLevel: 'silent',
      })
      return node(outfile)
    }
    const evaluating = `import { evaluate, SemplesError } from 'semples'
evaluate({ masks: 'nowhere', groundTruth: 'nowhere', classes: 'voc2012' }).catch((error) =>
  console.log(error instanceof SemplesError, error.code, error.message.includes('nowhere')))`
    const refining = `import { refineMask } from 'semples'
refineMask({ image: { data: new Uint8Array(12), width: 2, height: 2 }, labels: { data: new Uint8Array(4), width: 2, height: 2 } })
  .catch((error) => console.log(error.code, error.message))`

    test.each(['cjs', 'esm'] as const)('%s: what needs no addon works', async (format) => {
      expect((await bundled(format, evaluating)).stdout).toBe('true SEMPLES_FILE_UNREADABLE true')
    })

    test.each(['cjs', 'esm'] as const)('%s: what needs it says what to do', async (format) => {
      const { stdout } = await bundled(format, refining)
      expect(stdout).toMatch(/^SEMPLES_BUNDLED .*external/)
    })

    test.each(['cjs', 'esm'] as const)('%s: kept external, all is well', async (format) => {
      const { stdout } = await bundled(format, evaluating, ['semples'])
      expect(stdout).toBe('true SEMPLES_FILE_UNREADABLE true')
    })
  })
})
