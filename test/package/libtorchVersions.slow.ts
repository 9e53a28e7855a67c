import { execFile } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from '@jest/globals'
import { minorVersion, supportedVersions } from '../../lib/libtorch/version.js'
import { addonName } from '../../lib/native/addonFile.js'
import { temporaryFolder, writeFiles } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'
import { repository } from './packed.js'
import { fetchTorch, type PublishedTorch, prebuiltAddons, publishedTorches } from './torches.js'

// One addon a minor version of LibTorch, each tried on the CUDA build of PyPI, without its GPU. Fetches 4 GB. The addons
// are those that lie in prebuilds/: npm run prebuild -- --torch FOLDER makes one.
const run = promisify(execFile)
const prebuilt = prebuiltAddons()
const dist = (file: string) => JSON.stringify(pathToFileURL(join(repository, 'dist', file)))

interface Ran {
  status: number | string
  stderr: string
  said: unknown
}

/** Runs a program on dist/ in a Node of its own, which sees no GPU; `say` prints JSON. */
async function program(body: string, environment: Record<string, string>): Promise<Ran> {
  const { LD_LIBRARY_PATH: _, ...env } = process.env
  const text = `const say = (value) => process.stdout.write(JSON.stringify(value))\n${body}`
  const options = { env: { ...env, CUDA_VISIBLE_DEVICES: '', ...environment } }
  const child = await run(process.execPath, ['--input-type=module', '-e', text], options)
    .then(({ stdout, stderr }) => ({ status: 0, stdout, stderr }))
    .catch(({ code, signal, stdout, stderr }) => ({ status: code ?? signal, stdout, stderr }))
  return { ...child, said: child.stdout === '' ? undefined : JSON.parse(child.stdout) }
}

const load = `const { load } = await import(${dist('native/load.js')})`
const refusal = `${load}
  const { readFileSync } = await import('node:fs')
  const mapped = () => readFileSync('/proc/self/maps', 'utf8').includes('libtorch_cpu')
  try { load(); say('loaded') } catch ({ code, value, expected }) { say({ code, value, expected, mapped: mapped() }) }`

test('an addon is prebuilt for every version that is said to be supported', () => {
  expect([...prebuilt.keys()].sort()).toEqual([...supportedVersions].sort())
})

for (const torch of publishedTorches) {
  const version = minorVersion(torch.version)
  needs('linux', 'build', 'python').describe(`LibTorch ${torch.version} for CUDA, without a GPU`, () => {
    let libtorch: string
    beforeAll(async () => {
      libtorch = await fetchTorch(torch)
    }, 3_600_000)
    const own = prebuilt.get(version)
    // One that is missing has failed the test above.
    if (own !== undefined) servedBy(own, torch, () => libtorch)
    if (own !== undefined && torch.whole) underOldDriver(own, () => libtorch)
    for (const [other, addon] of prebuilt) if (other !== version) refuses(other, addon, version, () => libtorch)
  })
}

/** Tests of an addon on the LibTorch that it is for. */
function servedBy(addon: string, torch: PublishedTorch, libtorch: () => string): void {
  const version = minorVersion(torch.version)
  const environment = () => ({ SEMPLES_LIBTORCH: libtorch(), SEMPLES_ADDON: addon })

  test('its addon is chosen and loaded; the CUDA libraries are opened, or it is known why not', async () => {
    const body = `${load}; const { addon, addonFile, cudaProblem } = load()
      say([addon.builtForTorch, addonFile.builtFor, cudaProblem ?? ''])`
    const { status, said, stderr } = await program(body, { SEMPLES_LIBTORCH: libtorch() })
    const problem = torch.whole ? '' : expect.stringMatching(/^libtorch_cuda\.so could not be opened: lib\w+\.so/)
    expect({ status, said, stderr }).toEqual({ status: 0, said: [version, version, problem], stderr: '' })
  })

  test('its addon passes the golden cases and those of the kernels', async () => {
    const results = join(temporaryFolder(), 'results.json')
    const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--json']
    const files = ['test/golden', 'test/native/denseCrf', 'test/native/pamr']
    const options = { cwd: repository, env: { ...process.env, ...environment() }, maxBuffer: 1e9 }
    const ending = await run(process.execPath, [...jest, `--outputFile=${results}`, ...files], options).then(
      () => '',
      ({ stderr }) => stderr,
    )
    const { success, numFailedTests, numPassedTests } = JSON.parse(readFileSync(results, 'utf8'))
    expect({ success, numFailedTests, ending }).toEqual({ success: true, numFailedTests: 0, ending: '' })
    expect(numPassedTests).toBeGreaterThan(50)
  })

  test('`cuda` is an error that says why, `auto` takes the processor and says why', async () => {
    const body = `
      const { chooseCompute } = await import(${dist('models/devices.js')})
      const { device, description } = await chooseCompute('auto', 1)
      const error = await chooseCompute('cuda', 1).catch((error) => error)
      say({ device, description, code: error.code, field: error.field, message: error.message })`
    const { said, stderr } = await program(body, environment())
    // A machine with a driver has its GPU hidden.
    const reason = torch.whole
      ? '(there is no NVIDIA driver|CUDA_VISIBLE_DEVICES is empty, which hides every GPU)'
      : '(there is no NVIDIA driver, and )?libtorch_cuda\\.so could not be opened: lib'
    expect(said).toEqual({
      device: 'cpu',
      description: expect.stringMatching(`^device cpu \\(auto: ${reason}`),
      code: 'SEMPLES_DEVICE_UNAVAILABLE',
      field: 'device',
      message: expect.stringMatching(`^The device cuda is not available: ${reason}`),
    })
    expect(stderr).toBe('')
  })
}

/** What little the CUDA runtime asks of a driver before it finds it too old. */
const oldDriver = `
  int cuDriverGetVersion(int* version) { *version = 12040; return 0; }
  int cuInit(unsigned flags) { return 0; }
  int cuDeviceGetCount(int* count) { *count = 0; return 0; }`

/** Tests of an addon on a CUDA build that could use a GPU, if the driver were newer. */
function underOldDriver(addon: string, libtorch: () => string): void {
  needs('sanitizers').test('of a driver that is too old, LibTorch warns the logger alone', async () => {
    const folder = writeFiles(temporaryFolder(), { 'driver.c': oldDriver })
    await run('cc', ['-shared', '-fPIC', '-o', join(folder, 'libcuda.so.1'), join(folder, 'driver.c')])
    const body = `
      const { chooseCompute } = await import(${dist('models/devices.js')})
      const { addLogger } = await import(${dist('native/logger.js')})
      const warnings = []
      addLogger({ warn: (message) => warnings.push(message) })
      const { description } = await chooseCompute('auto', 1)
      say({ description, warnings })`
    const environment = { SEMPLES_LIBTORCH: libtorch(), SEMPLES_ADDON: addon, LD_LIBRARY_PATH: folder }
    const { said, stderr } = await program(`delete process.env.CUDA_VISIBLE_DEVICES\n${body}`, environment)
    expect(said).toEqual({
      description: expect.stringMatching(
        /^device cpu \(auto: LibTorch .* \(the NVIDIA driver is for CUDA up to 12\.4\)\)/,
      ),
      warnings: [expect.stringMatching(/^LibTorch: CUDA initialization: The NVIDIA driver .* too old/)],
    })
    expect(stderr).toBe('')
  })
}

/** Tests of an addon for another LibTorch. */
function refuses(other: string, addon: string, version: string, libtorch: () => string): void {
  test(`the addon for ${other} is refused before anything is opened`, async () => {
    const { said } = await program(refusal, { SEMPLES_LIBTORCH: libtorch(), SEMPLES_ADDON: addon })
    expect(said).toMatchObject({ code: 'SEMPLES_LIBTORCH_VERSION', mapped: false })
  })

  test(`the addon for ${other} is refused under the name of the right one, too`, async () => {
    const folder = temporaryFolder()
    const named = join(folder, addonName(version))
    copyFileSync(addon, named)
    copyFileSync(join(dirname(addon), 'semples_loader.node'), join(folder, 'semples_loader.node'))
    const { status, said } = await program(refusal, { SEMPLES_LIBTORCH: libtorch(), SEMPLES_ADDON: named })
    expect({ status, said }).toMatchObject({ status: 0, said: { code: 'SEMPLES_ADDON_LOAD_FAILED' } })
    // The dynamic linker may be first, where a symbol is needed at once.
    const { value, expected } = said as { value?: string; expected?: string }
    if (value !== undefined) expect([value, expected]).toEqual([other, version])
  })
}
