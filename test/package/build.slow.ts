import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { onPath } from '../../lib/base/program.js'
import { findLibTorch } from '../../lib/libtorch/find.js'
import { needs } from '../support/needs.js'
import { barePath, execute, networkVariables, writeProject } from './managers.js'
import { pack } from './packed.js'
import { refineOnly } from './programs.js'

const minutes = 60_000

/** By name alone: it compiles the addon, ten minutes on two cores. */
needs('prebuild', 'registry').describe('semples build, from the tarball', () => {
  let root: string
  let folder: string
  let env: Record<string, string>
  const semples = (words: string[], others: Record<string, string> = {}) =>
    execute(join(root, 'bin', 'node'), ['node_modules/semples/dist/cli/main.js', ...words], {
      cwd: folder,
      env: { ...env, ...others },
    })
  const doctor = async () => {
    const { stdout } = await semples(['doctor', '--json'])
    return JSON.parse(stdout.trim().split('\n').at(-1)!)
  }

  beforeAll(async () => {
    // R62: a folder as people have it; LibTorch lies below it too.
    root = mkdtempSync(join(tmpdir(), 'semples with space ünï '))
    symlinkSync(findLibTorch().folder, join(root, 'torch'))
    folder = join(root, 'program')
    env = {
      PATH: barePath(root),
      HOME: root,
      SEMPLES_CACHE: join(root, 'cache'),
      SEMPLES_LIBTORCH: join(root, 'torch'),
      ...networkVariables(),
    }
    writeProject(folder, (await pack(root)).tarball)
    const install = ['install', '--omit=dev', '--no-audit', '--no-fund']
    const { status, stderr } = await execute(onPath('npm')!, install, {
      cwd: folder,
      env: { ...env, PATH: process.env.PATH! },
    })
    if (status !== 0) throw new Error(stderr)
    // A package that was made for another platform has none that fits.
    rmSync(join(folder, 'node_modules/semples/prebuilds/linux-x64'), { recursive: true })
  }, 5 * minutes)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test('without an addon that fits, and without a compiler, says what to type', async () => {
    const { addon, problems } = await doctor()
    expect(addon.found).toBeUndefined()
    expect(JSON.stringify(problems)).toMatch(/npx semples build/)
    const { status, stderr } = await semples(['build'])
    expect([status, stderr]).toEqual([1, expect.stringMatching(/apt-get install -y g\+\+.*SEMPLES_BUILD_FAILED/)])
  })

  test('with a compiler, but neither CMake nor Python, says that too', async () => {
    for (const name of ['c++', 'as', 'ld']) symlinkSync(onPath(name)!, join(root, 'bin', name))
    const { status, stderr } = await semples(['build'])
    expect([status, stderr]).toEqual([1, expect.stringMatching(/cmake is needed[\s\S]*cmake ninja-build/)])
  })

  test(
    'with a compiler and Python builds one, with which programs run',
    async () => {
      const { status, stdout, stderr, seconds } = await semples(['build'], { PATH: process.env.PATH! })
      expect([status, stderr]).toEqual([0, expect.stringMatching(/Compiling/)])
      expect(stdout).toMatch(/The addon for LibTorch \d+\.\d+ is in /)
      process.stderr.write(`[semples] semples build: ${seconds.toFixed(0)} s\n`)
      const { addon, problems } = await doctor()
      expect([addon.found.origin, problems]).toEqual(['cache', []])
      writeFileSync(join(folder, 'program.mjs'), refineOnly)
      const ended = await execute(join(root, 'bin', 'node'), ['program.mjs'], { cwd: folder, env })
      expect(ended.stdout).toMatch(/ 64\n$/)
    },
    90 * minutes,
  )
})
