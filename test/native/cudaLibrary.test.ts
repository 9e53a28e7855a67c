import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { packageFolder } from '../../lib/base/package.js'
import { compiledKernels, kernelFunctions, kernelProblems, listedKernels } from '../../scripts/release/kernels.mjs'
import { definedSymbols, neededLibraries } from '../../scripts/release/symbols.mjs'
import { publishCuda, readArchitectures } from '../../scripts/steps/cuda.mjs'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

const run = promisify(execFile)
const root = packageFolder()

needs('nvcc', 'build').describe('the library of kernels for GPUs', () => {
  let built: { file: string; cuda: number }
  let published: { file: string; record: object }
  let folder: string

  // CMake leaves alone what has not changed; from nothing it takes about a minute.
  beforeAll(async () => {
    const program = `
      const { buildCuda } = await import('./scripts/steps/cuda.mjs')
      process.stdout.write(JSON.stringify(await buildCuda({ architectures: ['75', '90'] })))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: root })
    built = JSON.parse(stdout)
    folder = mkdtempSync(join(tmpdir(), 'semples-cuda-'))
    published = publishCuda(built, folder)
  }, 360_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** CUDA's runtime of the toolkit that it was compiled by. */
  const runtime = () => {
    const cache = readFileSync(join(dirname(built.file), 'CMakeCache.txt'), 'utf8')
    return /^CUDA_cudart_LIBRARY:\w+=(.+)$/m.exec(cache)![1]!
  }

  test('gives the functions that the headers name, and nothing else', () => {
    expect(kernelFunctions(root)).toEqual(['semples_cuda_dense_crf_1', 'semples_cuda_pamr_1'])
    expect([...definedSymbols(built.file)].sort()).toEqual(kernelFunctions(root))
  })

  test("asks for CUDA's runtime and the libraries of C and C++, and for no symbol from elsewhere", () => {
    const libraries: string[] = neededLibraries(built.file)
    expect(libraries).toContain(`libcudart.so.${built.cuda}`)
    expect(libraries.filter((name) => !/^lib(cudart|stdc\+\+|gcc_s|c|m|dl)\.so\.\d+$/.test(name))).toEqual([])
    const table = execFileSync('readelf', ['--dyn-syms', '--wide', built.file], { encoding: 'utf8' })
    const wanted = Array.from(table.matchAll(/ GLOBAL \S+ +UND (\S+?)(?:@(\S+))?(?: \(\d+\))?$/gm))
    const system = wanted.filter(([, , version]) => /^(GLIBC|GLIBCXX|CXXABI|GCC)_/.test(version ?? ''))
    const cuda = wanted.filter((each) => !system.includes(each)).map(([, name]) => name!)
    expect(cuda.length).toBeGreaterThan(0)
    const given = definedSymbols(runtime())
    expect(cuda.filter((name) => !given.has(name))).toEqual([])
  })

  test("holds what it was compiled for, as cuda.json says, and as NVIDIA's own program where there is one", () => {
    const expected = { architectures: ['7.5', '9.0'], ptx: ['9.0'] }
    expect(published.record).toEqual({ cuda: built.cuda, ...expected })
    expect(JSON.parse(readFileSync(join(dirname(published.file), 'cuda.json'), 'utf8'))).toEqual(published.record)
    expect(listedKernels(published.file) ?? expected).toEqual(expected)
    expect(compiledKernels(published.file)).toEqual(expected)
  })

  test('what may not be published is found', () => {
    const newer = /asks for what Debian 11 has not/
    const problems = () => kernelProblems(published.file, root).filter((each) => !newer.test(String(each)))
    expect(problems()).toEqual([])
    const record = join(dirname(published.file), 'cuda.json')
    writeFileSync(record, JSON.stringify({ ...published.record, architectures: ['7.5'] }))
    expect(problems()).toEqual(['cuda.json names other kernels than it has'])
    writeFileSync(record, JSON.stringify({ ...published.record, cuda: 12 }))
    expect(problems()).toEqual([expect.stringContaining('libcudart.so.12')])
    copyFileSync(runtime(), join(folder, 'libcudart.so'))
    expect(() => compiledKernels(join(folder, 'libcudart.so'))).toThrow(/holds no kernels/)
  })

  needs('python').test("opens beside the toolkit's runtime, every symbol resolved", () => {
    const program = `
import ctypes, os, sys
ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL)
library = ctypes.CDLL(sys.argv[2], mode=os.RTLD_NOW)
print(*[bool(getattr(library, name)) for name in sys.argv[3:]])`
    const words = ['-c', program, runtime(), published.file, ...kernelFunctions(root)]
    expect(execFileSync(python, words, { encoding: 'utf8' }).trim()).toBe('True True')
  })
})

test('a list of architectures is read or refused', () => {
  expect(readArchitectures('90, 75,90')).toEqual(['75', '90'])
  expect(readArchitectures('100,89')).toEqual(['89', '100'])
  for (const wrong of ['', '9.0', 'sm_90', '75,', '75;90', '9', '1000'])
    expect(() => readArchitectures(wrong)).toThrow(/compute capabilities without their dot/)
})
