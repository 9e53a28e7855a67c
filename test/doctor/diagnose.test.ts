import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { diagnose } from '../../lib/doctor/diagnose.js'
import { tryToWrite } from '../../lib/doctor/facts/folders.js'
import { gatherFacts } from '../../lib/doctor/facts.js'
import { searchNative } from '../../lib/native/choose.js'
import { temporaryFolder, wheelFiles, withEnvironment, writeFiles } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'
import { dropPrivileges } from '../support/privileges.js'
import { faults, inOrder, machineWith } from './fakes.js'

const built = searchNative().addon.found
const withBuild = needs('build').describe

withBuild('diagnosis', () => {
  test('of a working installation: no problem, one OpenMP runtime, the CPU, a line for each subject', async () => {
    const diagnosis = await diagnose()
    expect(diagnosis).toMatchObject({ problems: [], abi: built!.builtFor, node: { version: process.versions.node } })
    expect(diagnosis.devices[0]).toBe('cpu')
    expect(diagnosis.openmp).toHaveLength(1)
    expect(diagnosis.probe?.seconds).toBeGreaterThan(0)
    expect(inOrder(diagnosis.findings)).toBe(true)
  })

  test('of a broken one: what was looked at, and what to type', async () => {
    const { problems, probe, devices } = await diagnose({ libtorch: '/nowhere' })
    expect([probe, devices]).toEqual([undefined, []])
    expect(problems).toEqual([
      expect.stringMatching(/option \/nowhere \(it does not exist\).*npx semples libtorch install/),
    ])
    const folder = writeFiles(temporaryFolder(), wheelFiles(`${built!.builtFor}.0+cpu`))
    expect((await diagnose({ libtorch: folder })).problems[0]).toMatch(/Loading failed: .*libgomp/)
  })

  test('CUDA libraries that cannot be opened are a line of LibTorch; the processor works', async () => {
    const { folder } = searchNative().libtorch.found!
    const half = temporaryFolder()
    mkdirSync(join(half, 'torch/lib'), { recursive: true })
    for (const name of readdirSync(join(folder, 'lib')))
      symlinkSync(join(folder, 'lib', name), join(half, 'torch/lib', name))
    for (const name of ['libc10_cuda.so', 'libtorch_cuda.so']) rmSync(join(half, 'torch/lib', name), { force: true })
    writeFiles(half, {
      'torch/version.py': `__version__ = '${built!.builtFor}.0+cu130'\ncuda: Optional[str] = '13.0'\n`,
      'torch/lib/libc10_cuda.so': 'cut short',
      'torch/lib/libtorch_cuda.so': 'cut short',
    })
    const facts = await gatherFacts({ libtorch: half }, machineWith({}))
    expect(facts.libtorch).toMatchObject({ cuda: '13.0', found: { kind: 'cuda' } })
    expect(faults(facts).LibTorch).toMatchObject({
      state: 'warning',
      text: expect.stringContaining('the processor works, cuda does not'),
    })
    const { problems, devices } = await diagnose({ libtorch: half })
    expect([problems, devices]).toEqual([[], ['cpu']])
  })
})

describe('a read-only home', () => {
  test('is told by trying, and nothing else fails for it', async () => {
    const home = temporaryFolder()
    mkdirSync(join(home, 'cache'), { mode: 0o555 })
    // Others may look into it.
    chmodSync(home, 0o755)
    const restore = dropPrivileges()
    try {
      expect(await tryToWrite('cache', join(home, 'cache/semples'))).toEqual({
        place: 'cache',
        folder: join(home, 'cache/semples'),
        writable: false,
        reason: `EACCES ${join(home, 'cache')}`,
      })
    } finally {
      restore()
    }
    expect(existsSync(join(home, 'cache/semples'))).toBe(false)
  })

  test('a cache below a file is no folder that takes anything', async () => {
    const folder = writeFiles(temporaryFolder(), { home: '' })
    await withEnvironment({ SEMPLES_CACHE: join(folder, 'home/cache') }, async () => {
      const facts = await gatherFacts({ libtorch: '/nowhere' }, machineWith({}))
      expect(facts.cache).toMatchObject({ bytes: 0, libtorch: [], named: true })
      expect(faults(facts).cache).toMatchObject({
        state: 'problem',
        commands: [expect.stringMatching(/^export SEMPLES_CACHE=/)],
      })
    })
  })
})
