import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { listLibTorch, removeLibTorch } from '../../lib/libtorch/cache.js'
import { findLibTorch, searchLibTorch } from '../../lib/libtorch/find.js'
import { compareVersions, wheelPlatform } from '../../lib/libtorch/platform.js'
import { readTorchVersion, versionOfAbi } from '../../lib/libtorch/version.js'
import { temporaryFolder, wheelFiles, withEnvironment, writeFiles } from './folders.js'

/** A folder with every place where LibTorch is looked for: `env`, `cache`, `python`, each with a torch. */
function places(version = '2.13.0+cpu') {
  const root = temporaryFolder()
  for (const name of ['option', 'env', 'python']) writeFiles(join(root, name), wheelFiles(version))
  writeFiles(join(root, 'cache', 'libtorch', '2.13.0+cpu'), {
    ...wheelFiles(version),
    'installation.json': JSON.stringify({ version, kind: 'cpu', source: 'x.whl', bytes: 1, installedAt: '' }),
  })
  // Stands for a python3 whose torch lies in a folder of ours.
  writeFiles(join(root, 'bin'), { python3: `#!/bin/sh\nprintf %s '${join(root, 'python', 'torch')}'\n` })
  chmodSync(join(root, 'bin', 'python3'), 0o755)
  mkdirSync(join(root, 'empty'))
  return root
}

function environment(root: string, { env = true, cache = true, python = true } = {}) {
  return {
    SEMPLES_LIBTORCH: env ? join(root, 'env', 'torch') : undefined,
    SEMPLES_CACHE: join(root, cache ? 'cache' : 'empty'),
    PATH: join(root, python ? 'bin' : 'empty'),
  }
}

describe('where LibTorch is found', () => {
  test('the option comes before SEMPLES_LIBTORCH, the cache and python3, in this order', async () => {
    const root = places()
    const option = join(root, 'option', 'torch')
    await withEnvironment(environment(root), () => {
      expect(searchLibTorch({ libtorch: option }).found).toMatchObject({ origin: 'option', folder: option })
      expect(searchLibTorch().found?.origin).toBe('SEMPLES_LIBTORCH')
    })
    await withEnvironment(environment(root, { env: false }), () => expect(searchLibTorch().found?.origin).toBe('cache'))
    await withEnvironment(environment(root, { env: false, cache: false }), () =>
      expect(searchLibTorch().found).toMatchObject({ origin: 'python3', folder: join(root, 'python', 'torch') }),
    )
  })

  test('an empty SEMPLES_LIBTORCH counts as unset', async () => {
    const root = places()
    await withEnvironment({ ...environment(root), SEMPLES_LIBTORCH: '' }, () =>
      expect(searchLibTorch().found?.origin).toBe('cache'),
    )
  })

  test.each(['.', 'torch', 'torch/lib'])('a person may name %s of an unpacked wheel', async (path) => {
    const root = places()
    expect(findLibTorch({ libtorch: join(root, 'option', path) }).folder).toBe(join(root, 'option', 'torch'))
  })

  test('a path that was named is used or refused; no other place is taken instead', async () => {
    const root = places()
    await withEnvironment({ ...environment(root), SEMPLES_LIBTORCH: join(root, 'empty') }, () => {
      expect(() => findLibTorch()).toThrow(
        expect.objectContaining({
          code: 'SEMPLES_LIBTORCH_NOT_FOUND',
          message: expect.stringMatching(/SEMPLES_LIBTORCH .*empty \(it holds no lib\/libtorch_cpu\.so\)/),
        }),
      )
      expect(() => findLibTorch({ libtorch: join(root, 'nowhere') })).toThrow(/option .*nowhere \(it does not exist\)/)
    })
  })

  test('nothing anywhere: the message holds the command to type', async () => {
    const root = places()
    await withEnvironment(environment(root, { env: false, cache: false, python: false }), () =>
      expect(() => findLibTorch()).toThrow(/python3 \(no python3 on the PATH\).*npx semples libtorch install/s),
    )
  })

  test('another version is refused by name, and read without executing anything', async () => {
    const root = places('2.9.1+cu128')
    await withEnvironment(environment(root), () => {
      expect(() => findLibTorch()).toThrow(
        expect.objectContaining({ code: 'SEMPLES_LIBTORCH_VERSION', message: expect.stringContaining('2.9.1+cu128') }),
      )
      expect(findLibTorch({ versions: ['2.13', '2.9'] }).version).toBe('2.9.1+cu128')
    })
    const trap = writeFiles(temporaryFolder(), {
      'version.py': `open('executed', 'w')\n__version__ = "2.13.0"\n`,
    })
    expect(readTorchVersion(trap)).toBe('2.13.0')
    expect(existsSync(join(trap, 'executed'))).toBe(false)
  })

  test('a LibTorch archive states its version in build-version; a folder that states none is refused', () => {
    const zip = writeFiles(temporaryFolder(), {
      'libtorch/build-version': '2.13.0+cpu\n',
      'libtorch/lib/libtorch_cpu.so': '',
      'libtorch/lib/libc10.so': '',
    })
    expect(findLibTorch({ libtorch: zip })).toMatchObject({ version: '2.13.0+cpu', folder: join(zip, 'libtorch') })
    const silent = writeFiles(temporaryFolder(), { 'lib/libtorch_cpu.so': '', 'lib/libc10.so': '' })
    expect(() => findLibTorch({ libtorch: silent })).toThrow(/neither version.py nor build-version/)
  })
})

describe('what is opened', () => {
  const names = (folder: string) => {
    const { libraries, cudaLibraries } = findLibTorch({ libtorch: folder })
    return [libraries, cudaLibraries].map((paths) => paths.map((path) => path.slice(folder.length + 1)))
  }

  test("the OpenMP runtime first, then LibTorch's own libraries from the lowest up", () => {
    const folder = writeFiles(temporaryFolder(), wheelFiles())
    expect(names(folder)).toEqual([['torch/lib/libgomp.so.1', 'torch/lib/libc10.so', 'torch/lib/libtorch_cpu.so'], []])
  })

  test('an OpenMP runtime under a hashed name in torch.libs; the CUDA libraries by themselves', () => {
    const { 'torch/lib/libgomp.so.1': _, ...files } = wheelFiles('2.13.0+cu130')
    const folder = writeFiles(temporaryFolder(), {
      ...files,
      'torch.libs/libgomp-a34b3233.so.1.0.0': '',
      'torch/lib/libc10_cuda.so': '',
      'torch/lib/libtorch_cuda.so': '',
    })
    expect(findLibTorch({ libtorch: folder }).kind).toBe('cuda')
    expect(names(folder)).toEqual([
      ['torch.libs/libgomp-a34b3233.so.1.0.0', 'torch/lib/libc10.so', 'torch/lib/libtorch_cpu.so'],
      ['torch/lib/libc10_cuda.so', 'torch/lib/libtorch_cuda.so'],
    ])
  })
})

describe('the cache', () => {
  test('removing takes an installation off the list; an unknown name is an error that lists the known ones', async () => {
    const root = places()
    await withEnvironment(environment(root), async () => {
      expect(listLibTorch().map(({ name }) => name)).toEqual(['2.13.0+cpu'])
      await expect(removeLibTorch('2.12.0')).rejects.toThrow(
        expect.objectContaining({
          code: 'SEMPLES_LIBTORCH_NOT_FOUND',
          message: expect.stringContaining('2.13.0+cpu'),
        }),
      )
      await expect(removeLibTorch('../python')).rejects.toThrow(/No such LibTorch/)
      await removeLibTorch('2.13.0+cpu')
      expect(listLibTorch()).toEqual([])
      expect(existsSync(join(root, 'python', 'torch'))).toBe(true)
    })
  })

  test('a folder without a complete record is no installation', async () => {
    const root = temporaryFolder()
    writeFiles(join(root, 'libtorch', 'half'), { 'installation.json': '{"version": "2.13' })
    await withEnvironment({ SEMPLES_CACHE: root }, () => expect(listLibTorch()).toEqual([]))
  })
})

describe('the machine', () => {
  const glibc = { libc: 'glibc', glibc: '2.36' } as const
  test('has a wheel tag on Linux with glibc', () => {
    expect(wheelPlatform({ system: 'linux', architecture: 'x64', ...glibc })).toBe('manylinux_2_28_x86_64')
    expect(wheelPlatform({ system: 'linux', architecture: 'arm64', ...glibc })).toBe('manylinux_2_28_aarch64')
  })

  test.each([
    [{ system: 'linux', architecture: 'x64', libc: 'musl' } as const, /musl.*bookworm/s],
    [
      { system: 'linux', architecture: 'x64', libc: 'glibc', glibc: '2.17' } as const,
      /glibc 2\.28 or newer.*glibc 2\.17/s,
    ],
    [{ system: 'linux', architecture: 'riscv64', ...glibc }, /linux-riscv64/],
    [{ system: 'win32', architecture: 'x64' }, /win32-x64/],
  ])('is refused in one sentence: %j', (platform, sentence) => {
    expect(() => wheelPlatform(platform)).toThrow(
      expect.objectContaining({ code: 'SEMPLES_PLATFORM_UNSUPPORTED', message: expect.stringMatching(sentence) }),
    )
  })

  test('orders versions by number', () => {
    expect(compareVersions('2.9', '2.28')).toBeLessThan(0)
    expect(compareVersions('2.28', '2.28.0')).toBe(0)
  })

  // The number that torch 2.13 returns; its layout is major, minor, patch in the three highest bytes.
  test('reads the version out of the ABI number', () => expect(versionOfAbi(0x020d000000000000n)).toBe('2.13'))
})
