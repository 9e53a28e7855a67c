import { execFile } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { supportedVersions } from '../../lib/libtorch/version.js'
import { temporaryFolder } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'
import { repository } from './packed.js'
import { fetchTorch, prebuiltAddons, publishedTorches } from './torches.js'

// One addon a minor version of LibTorch, each tried on the CUDA build of PyPI, without its GPU. Fetches 4 GB. The addons
// are those that lie in prebuilds/: npm run prebuild -- --torch FOLDER makes one.
const run = promisify(execFile)
const prebuilt = prebuiltAddons()
const minor = (version: string) => version.split('.', 2).join('.')
const dist = (file: string) => JSON.stringify(pathToFileURL(join(repository, 'dist', file)))

interface Ran {
  status: number | string
  stderr: string
  said: unknown
}

/** Runs a program on dist/ in a Node of its own; `say` prints JSON. */
async function program(body: string, environment: Record<string, string>): Promise<Ran> {
  const { LD_LIBRARY_PATH: _, CUDA_VISIBLE_DEVICES: __, ...env } = process.env
  const text = `const say = (value) => process.stdout.write(JSON.stringify(value))\n${body}`
  const child = await run(process.execPath, ['--input-type=module', '-e', text], { env: { ...env, ...environment } })
    .then(({ stdout, stderr }) => ({ status: 0, stdout, stderr }))
    .catch(({ code, signal, stdout, stderr }) => ({ status: code ?? signal, stdout, stderr }))
  return {
    status: child.status,
    stderr: child.stderr,
    said: child.stdout === '' ? undefined : JSON.parse(child.stdout),
  }
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
  const version = minor(torch.version)
  const own = prebuilt.get(version)
  const whole = torch.nvidia.length > 2
  needs('linux', 'build', 'python').describe(`LibTorch ${torch.version} for CUDA, without a driver`, () => {
    let libtorch: string
    beforeAll(async () => {
      libtorch = await fetchTorch(torch)
    }, 3_600_000)
    const env = (addon?: string) => ({ SEMPLES_LIBTORCH: libtorch, ...(addon ? { SEMPLES_ADDON: addon } : {}) })

    describe(own === undefined ? 'its addon (missing in prebuilds/)' : 'its addon', () => {
      const check = own === undefined ? test.skip : test

      check('is chosen and loaded; the CUDA libraries are opened or the reason is known', async () => {
        const body = `${load}; const { addon, addonFile, cudaProblem } = load()
          say([addon.builtForTorch, addonFile.builtFor, cudaProblem ?? ''])`
        const problem = whole ? '' : expect.stringMatching(/^libtorch_cuda\.so could not be opened: lib\w+\.so/)
        const { status, said, stderr } = await program(body, env())
        expect({ status, said, stderr }).toEqual({ status: 0, said: [version, version, problem], stderr: '' })
      })

      check('passes the golden cases and those of the kernels on the processor', async () => {
        const results = join(temporaryFolder(), 'results.json')
        const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', '--json']
        const files = ['test/golden', 'test/native/denseCrf', 'test/native/pamr']
        await run(process.execPath, [...jest, '--testMatch=**/*.test.ts', `--outputFile=${results}`, ...files], {
          cwd: repository,
          env: { ...process.env, ...env(own) },
          maxBuffer: 1e9,
        }).catch(() => undefined)
        const { numFailedTests, numFailedTestSuites, numPassedTests } = JSON.parse(readFileSync(results, 'utf8'))
        expect({ numFailedTests, numFailedTestSuites }).toEqual({ numFailedTests: 0, numFailedTestSuites: 0 })
        expect(numPassedTests).toBeGreaterThan(50)
      })

      check('`cuda` is an error that says why, `auto` takes the processor and says why', async () => {
        const body = `
          const { chooseCompute } = await import(${dist('models/devices.js')})
          const { device, description } = await chooseCompute('auto', 1)
          const error = await chooseCompute('cuda', 1).catch((error) => error)
          say({ device, description, code: error.code, field: error.field, message: error.message })`
        const reason = whole
          ? 'there is no NVIDIA driver'
          : 'there is no NVIDIA driver, and libtorch_cuda.so could not be opened: lib'
        const { said, stderr } = await program(body, env(own))
        expect(said).toEqual({
          device: 'cpu',
          description: expect.stringContaining(`device cpu (auto: ${reason}`),
          code: 'SEMPLES_DEVICE_UNAVAILABLE',
          field: 'device',
          message: expect.stringContaining(`The device cuda is not available: ${reason}`),
        })
        expect(stderr).toBe('')
      })
    })

    describe.each([...prebuilt].filter(([other]) => other !== version))('the addon for %s', (other, addon) => {
      test('is refused before anything is opened', async () => {
        const { said } = await program(refusal, env(addon))
        expect(said).toMatchObject({ code: 'SEMPLES_LIBTORCH_VERSION', mapped: false })
      })

      test('is refused under the name of the right one, too', async () => {
        const folder = temporaryFolder()
        const named = join(folder, `torch${version}.glibc.node`)
        copyFileSync(addon, named)
        copyFileSync(join(dirname(addon), 'semples_loader.node'), join(folder, 'semples_loader.node'))
        const { status, said } = await program(refusal, env(named))
        // The dynamic linker may be first, where the addon needs a symbol at once.
        expect({ status, said }).toMatchObject({ status: 0, said: { code: 'SEMPLES_ADDON_LOAD_FAILED' } })
        const { value, expected } = said as { value?: string; expected?: string }
        if (value !== undefined) expect([value, expected]).toEqual([other, version])
      })
    })
  })
}
