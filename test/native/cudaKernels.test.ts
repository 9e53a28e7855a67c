import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { LibTorch } from '../../lib/libtorch/candidate.js'
import type { Addon } from '../../lib/native/addon.js'
import { type AddonFile, prebuildFolder } from '../../lib/native/addonFile.js'
import { openKernels, searchKernels } from '../../lib/native/cudaKernels.js'
import { load } from '../../lib/native/load.js'
import { probeAddon } from '../../lib/native/probe.js'
import { temporaryFolder, writeFiles } from '../libtorch/folders.js'
import { needs } from '../support/needs.js'

const library = 'semples_cuda.so'
const record = { cuda: 13, architectures: ['7.5', '9.0'], ptx: ['9.0'] }
const packaged = `prebuilds/${prebuildFolder()}/cuda13`

const torch = (version: string, kind: LibTorch['kind'] = 'cuda'): LibTorch => ({
  origin: 'cache',
  folder: '/nowhere/torch',
  version,
  kind,
  libraries: [],
  cudaLibraries: [],
})
const thirteen = torch('2.13.0+cu130')

const addonIn = (folder: string, origin: AddonFile['origin'] = 'build'): AddonFile => ({
  origin,
  file: join(folder, 'semples.node'),
  loader: join(folder, 'semples_loader.node'),
  builtFor: '2.13',
})

describe('looking for the library of kernels', () => {
  test('beside the addon, with what it holds', () => {
    const root = writeFiles(temporaryFolder(), {
      [`build/Release/cuda13/${library}`]: '',
      'build/Release/cuda13/cuda.json': JSON.stringify(record),
      [`${packaged}/${library}`]: '',
    })
    const own = join(root, 'build/Release')
    expect(searchKernels(addonIn(own), thirteen, root).found).toEqual({
      file: join(own, 'cuda13', library),
      ...record,
    })
  })

  test('then what the package brings, which a named addon does not take', () => {
    const root = writeFiles(temporaryFolder(), { [`${packaged}/${library}`]: '' })
    const cache = temporaryFolder()
    for (const origin of ['build', 'cache', 'prebuild'] as const)
      expect(searchKernels(addonIn(cache, origin), thirteen, root).found?.file).toBe(join(root, packaged, library))
    expect(searchKernels(addonIn(cache, 'SEMPLES_ADDON'), thirteen, root)).toEqual({
      problem: 'there is no library of kernels for CUDA 13',
      looked: [join(cache, 'cuda13')],
    })
  })

  test.each([
    ['2.13.0+cu126', 'there is no library of kernels for CUDA 12'],
    ['2.13.0', 'this LibTorch does not say of which CUDA it is'],
  ])('LibTorch %s: %s', (version, problem) => {
    const root = writeFiles(temporaryFolder(), { [`${packaged}/${library}`]: '' })
    expect(searchKernels(addonIn(temporaryFolder()), torch(version), root)).toMatchObject({ problem })
  })

  test('a CPU build takes none', () => {
    const root = writeFiles(temporaryFolder(), { [`${packaged}/${library}`]: '' })
    expect(searchKernels(addonIn(root), torch('2.13.0+cpu', 'cpu'), root)).toEqual({
      problem: 'this LibTorch is a CPU build',
      looked: [],
    })
  })

  test.each(['', '{', '[]', 'null', '{"architectures":"9.0","ptx":[]}', '{"architectures":["sm_90"],"ptx":[]}'])(
    'a cuda.json that says nothing: %j',
    (text) => {
      const root = writeFiles(temporaryFolder(), { [`cuda13/${library}`]: '', 'cuda13/cuda.json': text })
      expect(searchKernels(addonIn(root), thirteen, root).found).toEqual({
        file: join(root, 'cuda13', library),
        cuda: 13,
      })
    },
  )
})

describe('opening it', () => {
  const opened: string[] = []
  const addon = { openCudaKernels: (path: string) => void opened.push(path) } as unknown as Addon

  test('where LibTorch is a CUDA build that was opened whole', () => {
    const root = writeFiles(temporaryFolder(), { [`cuda13/${library}`]: '' })
    expect(openKernels(addon, addonIn(root), thirteen)).toBeUndefined()
    expect(opened.splice(0)).toEqual([join(root, 'cuda13', library)])
    expect(openKernels(addon, addonIn(root), thirteen, 'libc10_cuda.so could not be opened: x')).toBe(
      'libc10_cuda.so could not be opened: x',
    )
    expect(openKernels(addon, addonIn(root), torch('2.13.0+cpu', 'cpu'))).toBe('this LibTorch is a CPU build')
    expect(opened).toEqual([])
  })

  needs('build').test('a file that is none: the words of the dynamic linker, and everything goes on', () => {
    const root = writeFiles(temporaryFolder(), { [`cuda13/${library}`]: 'text' })
    const file = join(root, 'cuda13', library)
    const problem = openKernels(load().addon, addonIn(root), thirteen)
    expect(problem).toMatch(/could not be opened: (file too short|invalid ELF header)$/)
    expect(problem?.startsWith(`${file} `)).toBe(true)
    expect(load().addon.runtimeInfo().threads).toBeGreaterThan(0)
    expect(() => load().addon.openCudaKernels(7 as never)).toThrow(/path/)
  })

  needs('build').test('the child process of the doctor says the same', async () => {
    const { addonFile, libtorch } = load()
    const file = join(writeFiles(temporaryFolder(), { [library]: 'text' }), library)
    const probe = await probeAddon(addonFile, libtorch, { kernels: file })
    expect(probe).toMatchObject({ works: true, kernelsProblem: expect.stringMatching(/too short|invalid ELF/) })
    expect((await probeAddon(addonFile, libtorch)).kernelsProblem).toBeUndefined()
  })
})
