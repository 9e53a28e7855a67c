import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { onPath } from '../../lib/base/program.js'
import { libTorchCache } from '../../lib/libtorch/cache.js'
import { needs } from '../support/needs.js'
import { barePath, execute, networkVariables, writeProject } from './managers.js'
import { pack } from './packed.js'

const minutes = 60_000

/** By name alone: five minutes on two cores. */
needs('prebuild', 'registry').describe('npx semples demo, from the tarball', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'semples-demo-'))
  })
  afterAll(() => rmSync(root, { recursive: true, force: true }))

  test(
    'ends with a report',
    async () => {
      const folder = join(root, 'program')
      writeProject(folder, (await pack(root)).tarball)
      const env = { HOME: root, SEMPLES_CACHE: join(libTorchCache(), '..'), ...networkVariables() }
      const install = ['install', '--omit=dev', '--no-audit', '--no-fund']
      const installed = await execute(onPath('npm')!, install, {
        cwd: folder,
        env: { ...env, PATH: process.env.PATH! },
      })
      expect([installed.status, installed.stderr]).toEqual([0, expect.anything()])
      const words = ['node_modules/semples/dist/cli/main.js', 'demo', '--out', 'demo', '--json']
      const options = { cwd: folder, env: { ...env, PATH: barePath(root) } }
      const { status, stdout, seconds } = await execute(join(root, 'bin', 'node'), words, options)
      process.stderr.write(`[semples] semples demo: ${seconds.toFixed(0)} s\n`)
      expect([status, existsSync(join(folder, 'demo', 'report.html'))]).toEqual([0, true])
      const { ablation } = JSON.parse(stdout.trim().split('\n').at(-1)!)
      expect(ablation.map(({ name }: { name: string }) => name)).toEqual(['cam', 'matching', 'semples', 'semples+crf'])
    },
    40 * minutes,
  )
})
