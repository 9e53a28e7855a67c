import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { packageFolder } from '../../lib/base/package.js'
import { addonName, builtAddonFolder, findAddons, searchAddons } from '../../lib/native/addonFile.js'
import { searchNative } from '../../lib/native/choose.js'
import { load, loadAddon } from '../../lib/native/load.js'
import { openmpCopies } from '../../lib/native/loaderAddon.js'
import { probeAddon } from '../../lib/native/probe.js'
import { temporaryFolder, wheelFiles, withEnvironment, writeFiles } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'

const built = searchNative().addon.found
const libtorch = searchNative().libtorch.found
// Without the addon only the refusals can be tested: npm test builds it first.
const withBuild = needs('build').describe
const distLoad = JSON.stringify(pathToFileURL(join(packageFolder(), 'dist/native/load.js')))
const run = promisify(execFile)

/** Runs a program on dist/ in a Node of its own. `load` is lib/native/load, `say` prints JSON. */
async function node(body: string, environment: Record<string, string> = {}): Promise<unknown> {
  const program = `
    const load = await import(${distLoad})
    const say = (value) => process.stdout.write(JSON.stringify(value))
    ${body}`
  const { LD_LIBRARY_PATH: _, ...env } = process.env
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...env, ...environment },
  })
  return JSON.parse(stdout)
}

withBuild('threads that wait for work', () => {
  /** What libgomp says of its settings when it is opened (OMP_DISPLAY_ENV). */
  async function settings(environment: Record<string, string>): Promise<string> {
    const { LD_LIBRARY_PATH: _, OMP_WAIT_POLICY: __, GOMP_SPINCOUNT: ___, ...env } = process.env
    const program = `(await import(${distLoad})).load()`
    const { stderr } = await run(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...env, OMP_DISPLAY_ENV: 'verbose', ...environment },
    })
    return stderr
  }

  test('sleep soon, unless the user decided otherwise', async () => {
    expect(await settings({})).toMatch(/GOMP_SPINCOUNT = '3000'/)
    expect(await settings({ GOMP_SPINCOUNT: '77' })).toMatch(/GOMP_SPINCOUNT = '77'/)
    expect(await settings({ OMP_WAIT_POLICY: 'active' })).not.toMatch(/GOMP_SPINCOUNT = '3000'/)
  })
})

describe('choosing the addon', () => {
  const build = { 'build/Release/semples.node': '', 'build/Release/semples_loader.node': '' }
  const folder = `prebuilds/${process.platform}-${process.arch}`
  const prebuilt = (...versions: string[]) => ({
    ...Object.fromEntries(versions.map((version) => [join(folder, addonName(version)), ''])),
    [`${folder}/semples_loader.node`]: '',
  })
  const named = (root: string) =>
    searchAddons(root).candidates.map(({ file, builtFor }) => [file.slice(root.length + 1), builtFor])

  test('the build of a clone comes before the prebuilt ones, the newest of them first', () => {
    const root = writeFiles(temporaryFolder(), { ...build, ...prebuilt('2.13', '2.9') })
    expect(named(root)).toEqual([
      ['build/Release/semples.node', '2.13'],
      [join(folder, addonName('2.13')), '2.13'],
      [join(folder, addonName('2.9')), '2.9'],
    ])
  })

  test('what `semples build` made comes before the prebuilt ones too', async () => {
    const root = writeFiles(temporaryFolder(), prebuilt('2.13'))
    await withEnvironment({ SEMPLES_CACHE: join(root, 'cache') }, () => {
      writeFiles(builtAddonFolder(), { [addonName('2.12')]: '', 'semples_loader.node': '' })
      expect(searchAddons(root).candidates.map(({ origin, builtFor }) => [origin, builtFor])).toEqual([
        ['cache', '2.12'],
        ['prebuild', '2.13'],
      ])
    })
  })

  test('one for another C library is none', () => {
    const name = addonName('2.13', { system: 'linux', architecture: 'x64', libc: 'musl' })
    const root = writeFiles(temporaryFolder(), { [join(folder, name)]: '', [`${folder}/semples_loader.node`]: '' })
    expect(named(root)).toEqual([])
  })

  test('the LibTorch that is found decides which of them is used', () => {
    const root = writeFiles(temporaryFolder(), prebuilt('2.11', '2.12', '2.13'))
    const twelve = writeFiles(temporaryFolder(), wheelFiles('2.12.1+cu130'))
    const { addon, libtorch, versions } = searchNative({ root, libtorch: twelve })
    expect([addon.found?.builtFor, libtorch.found?.version]).toEqual(['2.12', '2.12.1+cu130'])
    expect(versions).toEqual(['2.13', '2.12', '2.11'])
    const ten = writeFiles(temporaryFolder(), wheelFiles('2.10.0'))
    expect(searchNative({ root, libtorch: ten }).libtorch).toMatchObject({
      refused: [{ reason: 'it is version 2.10.0, and the addon is built for 2.13, 2.12, 2.11' }],
    })
  })

  test('the LibTorch that a build needs stands beside it', () => {
    const root = writeFiles(temporaryFolder(), { ...build, 'build/Release/semples.json': '{"torch": "2.11.0+cpu"}' })
    expect(findAddons(root)[0]?.builtFor).toBe('2.11')
  })

  test('none: in a clone the message says how to build it, in a package it names the machine', () => {
    const clone = writeFiles(temporaryFolder(), { 'binding.gyp': '' })
    const thrown = (words: string) =>
      expect.objectContaining({ code: 'SEMPLES_ADDON_NOT_FOUND', message: expect.stringContaining(words) })
    expect(() => findAddons(clone)).toThrow(thrown('npm run build'))
    expect(() => findAddons(temporaryFolder())).toThrow(thrown('npx semples build'))
    expect(() => findAddons(temporaryFolder())).toThrow(thrown(`${process.platform}-${process.arch}`))
  })

  test('SEMPLES_ADDON is used or refused', async () => {
    const root = writeFiles(temporaryFolder(), build)
    await withEnvironment({ SEMPLES_ADDON: join(root, 'elsewhere.node') }, () =>
      expect(() => findAddons(root)).toThrow(/elsewhere\.node \(it does not exist\).*unset SEMPLES_ADDON/),
    )
  })
})

withBuild('refusing to load', () => {
  test('without LibTorch: the places and the command', async () => {
    await withEnvironment({ SEMPLES_LIBTORCH: temporaryFolder() }, () =>
      expect(() => loadAddon()).toThrow(
        expect.objectContaining({
          code: 'SEMPLES_LIBTORCH_NOT_FOUND',
          message: expect.stringContaining('npx semples libtorch install'),
        }),
      ),
    )
  })

  test('an addon that is none', async () => {
    const root = writeFiles(temporaryFolder(), { 'semples.node': 'text' })
    copyFileSync(built!.loader, join(root, 'semples_loader.node'))
    await withEnvironment({ SEMPLES_ADDON: join(root, 'semples.node') }, () =>
      expect(() => loadAddon()).toThrow(
        expect.objectContaining({
          code: 'SEMPLES_ADDON_LOAD_FAILED',
          message: expect.stringContaining('semples doctor'),
        }),
      ),
    )
  })
})

withBuild('loading', () => {
  test('gives the addon, the same one each time', () => {
    const addon = loadAddon()
    expect(addon.builtForTorch).toBe(load().addonFile.builtFor)
    expect(loadAddon({ libtorch: libtorch!.folder })).toBe(addon)
  })

  test('maps one OpenMP runtime: the one of LibTorch', () => {
    const { loader, libtorch: used } = load()
    expect(openmpCopies(loader.mapped()).map((path) => basename(path))).toEqual([basename(used.libraries[0]!)])
  })

  test('a second LibTorch in the process is refused, not loaded', () => {
    const folder = writeFiles(temporaryFolder(), wheelFiles(`${load().addonFile.builtFor}.0+cpu`))
    expect(() => loadAddon({ libtorch: folder })).toThrow(
      expect.objectContaining({ code: 'SEMPLES_LIBTORCH_CONFLICT' }),
    )
  })

  test('the loader takes absolute paths alone, and says what it could not open', () => {
    const { loader } = load()
    expect(() => loader.open(['libc.so.6'])).toThrow(/absolute/)
    expect(() => loader.open('/x' as never)).toThrow(/array/)
    expect(loader.open(['/nowhere/libx.so'])).toEqual({
      failure: { path: '/nowhere/libx.so', reason: expect.stringContaining('No such file') },
      said: [],
    })
  })
})

withBuild('in a process of its own', () => {
  test('libraries that are none: the words of the dynamic linker, and the process goes on', async () => {
    const folder = writeFiles(temporaryFolder(), wheelFiles(`${built!.builtFor}.0+cpu`))
    const body = `try { load.loadAddon() } catch (error) { say([error.code, error.message]) }`
    expect(await node(body, { SEMPLES_LIBTORCH: folder })).toEqual([
      'SEMPLES_LIBTORCH_LOAD_FAILED',
      expect.stringMatching(/libgomp\.so\.1: (file too short|invalid ELF header)/),
    ])
  })

  test('an addon for another LibTorch than its name says is refused', async () => {
    const folder = writeFiles(temporaryFolder(), {
      ...wheelFiles('2.12.1'),
      [addonName('2.12')]: '',
      'semples_loader.node': '',
    })
    const body = `
      const { default: Module } = await import('node:module')
      const loader = { open: () => ({ said: [] }), mapped: () => [], abiVersion: () => 0x020c000000000000n }
      Module._extensions['.node'] = (module, file) => {
        module.exports = file.endsWith('loader.node') ? loader : { builtForTorch: '2.13' }
      }
      try { load.loadAddon() } catch (error) { say([error.code, error.value, error.expected]) }`
    const environment = { SEMPLES_ADDON: join(folder, addonName('2.12')), SEMPLES_LIBTORCH: folder }
    expect(await node(body, environment)).toEqual(['SEMPLES_ADDON_LOAD_FAILED', '2.13', '2.12'])
  })

  test('importing loads nothing; using it does', async () => {
    const mapped = `(await import('node:fs')).readFileSync('/proc/self/maps', 'utf8').includes('libtorch_cpu')`
    expect(await node(`const before = ${mapped}; load.loadAddon(); say([before, ${mapped}])`)).toEqual([false, true])
  })

  test('worker threads load it too, and may end', async () => {
    const worker = `
      const { parentPort } = await import('node:worker_threads')
      const load = await import(${distLoad})
      parentPort.postMessage(load.loadAddon().builtForTorch)`
    const body = `
      const { Worker } = await import('node:worker_threads')
      const one = () => new Promise((done, failed) => {
        const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(worker)}))).once('error', failed)
        worker.once('message', async (text) => { await worker.terminate(); done(text) })
      })
      say([await one(), load.loadAddon().builtForTorch, ...(await Promise.all([one(), one()]))])`
    expect(await node(body)).toEqual(Array(4).fill(built!.builtFor))
  })

  test('two copies of the addon live in one process', async () => {
    const copy = temporaryFolder()
    mkdirSync(join(copy, 'Release'))
    for (const file of [built!.file, built!.loader]) copyFileSync(file, join(copy, 'Release', basename(file)))
    const body = `
      const { createRequire } = await import('node:module')
      const first = load.loadAddon()
      const second = createRequire('/')(${JSON.stringify(join(copy, 'Release', basename(built!.file)))})
      say([first === second, first.runtimeInfo().torch === second.runtimeInfo().torch])`
    expect(await node(body)).toEqual([false, true])
  })

  test('sharp before and after it', async () => {
    const use = `await (await import('sharp')).default({ create: { width: 9, height: 9, channels: 3, background: 'red' } }).png().toBuffer()`
    const add = 'load.loadAddon().runtimeInfo()'
    for (const body of [`${use}; ${add}`, `${add}; ${use}`]) expect(await node(`${body}; say(1)`)).toBe(1)
  })
})

describe('trying in a child process', () => {
  const addonFile = (loader: string) => ({ origin: 'build', file: '/nowhere.node', loader, builtFor: '2.13' }) as const
  const nothing = {
    origin: 'cache',
    folder: '/',
    version: '2.13.0',
    kind: 'cpu',
    libraries: [],
    cudaLibraries: [],
  } as const
  const probe = (program: string, options = {}) => {
    const folder = writeFiles(temporaryFolder(), { 'loader.cjs': program })
    return probeAddon(addonFile(join(folder, 'loader.cjs')), { ...nothing, libraries: [], cudaLibraries: [] }, options)
  }

  test.each([
    ['SIGILL', /lacks an instruction/],
    ['SIGSEGV', /segmentation fault/],
    ['SIGABRT', /aborted/],
  ])('%s becomes a sentence', async (signal, sentence) => {
    const result = await probe(`process.kill(process.pid, '${signal}')\nfor (;;) {}`)
    expect(result).toMatchObject({ works: false, problem: expect.stringMatching(sentence) })
  })

  test('so does a program that never ends', async () => {
    const result = await probe('for (;;) {}', { timeout: 500 })
    expect(result).toMatchObject({ works: false, problem: expect.stringContaining('more than 0.5 s') })
  })

  test('an addon for another LibTorch than its name says does not work', async () => {
    const folder = writeFiles(temporaryFolder(), {
      'loader.cjs': `
        exports.open = () => ({ said: [] })
        exports.abiVersion = () => 0x020d000000000000n
        exports.mapped = () => []
        exports.driverVersion = () => 0`,
      'addon.cjs': `exports.runtimeInfo = () => ({ torch: '2.12.1' }); exports.takeWarnings = () => []`,
    })
    const none = { ...nothing, libraries: [], cudaLibraries: [] }
    const named = { ...addonFile(join(folder, 'loader.cjs')), file: join(folder, 'addon.cjs') }
    expect(await probeAddon(named, none)).toMatchObject({
      works: false,
      problem: 'Loading failed: the addon is for LibTorch 2.12, and its name or semples.json says 2.13.',
    })
    expect(await probeAddon({ ...named, builtFor: '2.12' }, none)).toMatchObject({ works: true })
  })

  test('and a loader that is missing', async () => {
    const result = await probeAddon(addonFile('/nowhere/loader.node'), { ...nothing, libraries: [], cudaLibraries: [] })
    expect(result).toMatchObject({ works: false, problem: expect.stringContaining('Cannot find module') })
  })
})
