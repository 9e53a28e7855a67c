import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { libTorchCache } from '../../lib/libtorch/cache.js'
import { needs } from '../support/needs.js'
import { barePath, execute, installed, managers, networkVariables, packages, writeProject } from './managers.js'
import { pack, repository } from './packed.js'
import { expected, programs } from './programs.js'

const minutes = 60_000

/** The tarball in the hands of a person with Node and nothing else, by each package manager. */
needs('prebuild', 'registry').describe('the packed tarball, with no compiler, CMake or Python on the PATH', () => {
  let root: string
  let tarball: string
  let env: Record<string, string>

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'semples-install-'))
    tarball = (await pack(root)).tarball
    const tools = join(root, 'tools')
    mkdirSync(tools)
    execFileSync('npm', ['install', '--prefix', tools, '--no-audit', '--no-fund', ...packages], { stdio: 'pipe' })
    env = {
      PATH: barePath(root),
      HOME: join(root, 'home'),
      SEMPLES_CACHE: join(libTorchCache(), '..'),
      CI: 'true',
      ...networkVariables(),
    }
    mkdirSync(env.HOME!)
  }, 5 * minutes)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('nothing that compiles is to be found', () => {
    for (const name of ['cc', 'c++', 'g++', 'cmake', 'ninja', 'make', 'python3', 'python'])
      expect(existsSync(join(env.PATH!, name))).toBe(false)
  })

  describe.each(managers.map((manager) => [manager.name, manager] as const))('%s', (name, manager) => {
    let folder: string
    const node = async (words: string[]) => {
      const ended = await execute(join(env.PATH!, 'node'), words, { cwd: folder, env })
      if (ended.status !== 0) throw new Error(`${words.join(' ')}: ${ended.stdout}\n${ended.stderr}`)
      return ended
    }
    const call = (words: string[]) => node([join(root, 'tools', 'node_modules', manager.program), ...words])
    /** A line for whoever reads the log of CI. */
    const report = (step: string, text: string) => process.stderr.write(`[semples] ${name}, ${step}: ${text}\n`)

    beforeAll(async () => {
      folder = join(root, name.replaceAll(/\W+/g, '-'))
      writeProject(folder, tarball, manager.files)
      const { seconds, stdout, stderr } = await call(manager.install)
      const { packages: count, bytes } = installed(folder)
      report('install', `${seconds.toFixed(1)} s, ${count} packages, ${(bytes / 1e6).toFixed(0)} MB`)
      expect(count).toBeGreaterThan(20)
      // No manager starts a build of its own.
      expect(`${stdout}${stderr}`).not.toMatch(/node-gyp|gyp (info|ERR)/)
    }, 10 * minutes)

    test(
      'finds addon and LibTorch',
      async () => {
        const { stdout } = await call([...manager.run, 'semples', 'doctor', '--json'])
        const { addon, devices, problems } = JSON.parse(stdout.trim().split('\n').at(-1)!)
        expect(problems).toEqual([])
        expect([addon.found.origin, devices[0]]).toEqual(['prebuild', 'cpu'])
      },
      2 * minutes,
    )

    const forms = ['mjs', 'cjs'] as const
    test.each(forms)(
      'trains, makes masks and refines from a .%s',
      async (form) => {
        const file = `program.${form}`
        mkdirSync(join(folder, form))
        writeFileSync(join(folder, file), programs[form])
        const { stdout, seconds } = await (manager.node === undefined
          ? node([file, form])
          : call([...manager.node, file, form]))
        report(`program.${form}`, `${seconds.toFixed(1)} s`)
        expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual(expected)
      },
      10 * minutes,
    )

    if (name !== 'npm') return

    test(
      'and from TypeScript that tsc compiles',
      async () => {
        mkdirSync(join(folder, 'mts'))
        writeFileSync(join(folder, 'typed.mts'), programs.mts)
        const tsc = join(repository, 'node_modules/typescript/bin/tsc')
        const options = [
          '--module',
          'node16',
          '--target',
          'es2022',
          '--strict',
          '--typeRoots',
          join(repository, 'node_modules/@types'),
        ]
        execFileSync(process.execPath, [tsc, ...options, '--types', 'node', 'typed.mts'], { cwd: folder })
        const { stdout } = await node(['typed.mjs', 'mts'])
        expect(JSON.parse(stdout)).toEqual(expected)
      },
      10 * minutes,
    )

    // The whole of it, five minutes on two cores, is in demo.slow.ts.
    test(
      'the demo of a few scenes, with its report',
      async () => {
        const program = `const { runDemo } = await import('./node_modules/semples/dist/runs/demo.js')
const changes = { epochs: 1, maxSteps: 2 }
await runDemo({ out: 'demo' }, { train: 16, val: 4, changes })
`
        writeFileSync(join(folder, 'demo.mjs'), program)
        await node(['demo.mjs'])
        expect(existsSync(join(folder, 'demo', 'report.html'))).toBe(true)
      },
      10 * minutes,
    )
  })
})
