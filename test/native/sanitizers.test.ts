import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { needs } from '../support/needs.js'
import { compiler, sanitizerGroups } from '../support/sanitizers.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const operators = join(root, 'native', 'ops')
const cases = join(root, 'test', 'native', 'sanitized')
/** The kernels of GPUs, which are headers, run on the processor. */
const emulated = join(root, 'test', 'native', 'emulated')
const options = ['-std=c++20', '-O2', '-g1', '-Wall', '-Wextra', '-Werror', '-Wno-psabi', '-fno-omit-frame-pointer']

/** What needs no LibTorch: the folders `cpu` of the operators, and the cases. */
const sources = [
  ...readdirSync(operators, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.cc') && basename(dirname(name)) === 'cpu')
    .map((name) => join(operators, name)),
  ...[cases, emulated].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.cc'))
      .map((name) => join(folder, name)),
  ),
]
const isEmulated = (source: string) => source.startsWith(emulated)
const isCase = (source: string) => source.startsWith(cases)
const withoutAvx2 = (source: string) => source.endsWith('without_avx2.cc')
const forAvx2 = (source: string) => source.endsWith('_avx2.cc') && !withoutAvx2(source)

const folder = mkdtempSync(join(tmpdir(), 'semples-sanitizers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Program {
  sanitizers: string
  name: string
  use: (source: string) => boolean
  words: string[]
  atLeast: number
}

const programs: Program[] = [
  {
    sanitizers: 'address,undefined',
    name: 'every processor feature',
    use: (file) => !isEmulated(file) && !withoutAvx2(file),
    words: [],
    atLeast: 151,
  },
  {
    sanitizers: 'address,undefined',
    name: 'no AVX2',
    use: (file) => !isEmulated(file) && !forAvx2(file),
    words: [],
    atLeast: 151,
  },
  {
    sanitizers: 'address,undefined',
    name: 'kernels of GPUs, their calls in 20 random orders, as the processor has it',
    use: (file) => !isCase(file),
    words: ['20'],
    atLeast: 110,
  },
  {
    sanitizers: 'thread',
    name: 'threads',
    use: (file) => !isEmulated(file) && !withoutAvx2(file),
    words: ['threaded'],
    atLeast: 151,
  },
]

needs('sanitizers').describeEach(sanitizerGroups)('kernels under -fsanitize=%s', (sanitizers) => {
  const flag = `-fsanitize=${sanitizers}`
  const objects = join(folder, sanitizers.replace(',', '-'))
  const object = (source: string) => `${objects}-${relative(root, source).replaceAll(/[/\\\\]/g, '-')}.o`

  beforeAll(async () => {
    const used = programs.filter((program) => program.sanitizers === sanitizers)
    const waiting = sources.filter((source) => used.some(({ use }) => use(source)))
    const include = [`-I${join(root, 'native')}`, `-I${cases}`]
    const work = async () => {
      for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
        await run(compiler, [...options, flag, ...include, '-c', source, '-o', object(source)])
      }
    }
    await Promise.all(Array.from({ length: availableParallelism() }, work))
  })

  test.each(programs.filter((program) => program.sanitizers === sanitizers))(
    '$name',
    async ({ name, use, words, atLeast }) => {
      const program = join(folder, name.replaceAll(' ', '-'))
      await run(compiler, [flag, '-pthread', ...sources.filter(use).map(object), '-o', program])
      const { stdout, stderr } = await run(program, words, {
        env: {
          ...process.env,
          ASAN_OPTIONS: 'detect_leaks=0',
          UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1',
          TSAN_OPTIONS: 'halt_on_error=1',
        },
      })
      expect(stderr).toBe('')
      expect(Number.parseInt(stdout, 10)).toBeGreaterThanOrEqual(atLeast)
    },
  )
})
