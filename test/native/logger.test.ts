import { expect, test } from '@jest/globals'
import { addLogger, collectWarnings, deliverWarnings, logWarning, withLogger } from '../../lib/native/logger.js'
import { children } from './child.js'
import { describeArchives, describeNative } from './models.js'

/** A logger that keeps what it receives. */
function keeper() {
  const messages: string[] = []
  return { messages, warn: (message: string) => void messages.push(message) }
}

test('a job hears what is warned of while it runs, and no more', async () => {
  const logger = keeper()
  logWarning('before')
  const result = await withLogger(logger, async () => {
    logWarning('during')
    return 7
  })
  logWarning('after')
  expect([result, logger.messages]).toEqual([7, ['during']])
  await expect(withLogger(logger, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  logWarning('after a failure')
  expect(logger.messages).toEqual(['during'])
})

test('a logger that serves two jobs at the same time hears each warning once, until both have ended', () => {
  const logger = keeper()
  const [first, second] = [addLogger(logger), addLogger(logger)]
  logWarning('one')
  first()
  logWarning('two')
  second()
  logWarning('three')
  expect(logger.messages).toEqual(['one', 'two'])
})

test('warnings of LibTorch are named as such', () => {
  const logger = keeper()
  const end = addLogger(logger)
  collectWarnings(() => ['old pictures'])
  deliverWarnings()
  collectWarnings(() => [])
  end()
  expect(logger.messages).toEqual(['LibTorch: old pictures'])
})

/** What is said to a logger, if there is one, and on standard error, while a program runs. */
const listening = (withOne: boolean, program: string) => `
  const messages = []
  if (${withOne}) (await load('native/logger.js')).addLogger({ warn: (message) => messages.push(message) })
  ${program}
  say(messages)`

describeNative('a setting that OpenMP does not understand', () => {
  const run = children()
  const program = `
    process.env.OMP_NUM_THREADS = 'many'
    ;(await load('native/load.js')).loadAddon()`

  test('is told to the logger, not to standard error', async () => {
    const { status, output, errors } = await run(listening(true, program))
    expect({ status, errors }).toEqual({ status: 0, errors: '' })
    expect(output).toEqual([expect.stringMatching(/^OpenMP: libgomp: Invalid value.*OMP_NUM_THREADS/)])
  })

  test('is silent without one', async () => {
    expect(await run(listening(false, program))).toMatchObject({ status: 0, output: [], errors: '' })
  })
})

describeNative('other lines on standard error while LibTorch is opened', () => {
  const run = children()

  test('go where they were meant to', async () => {
    const writing = `
      process.env.OMP_DISPLAY_ENV = 'true'
      ;(await load('native/load.js')).loadAddon()`
    const { output, errors } = await run(listening(true, writing))
    expect(output).toEqual([])
    expect(errors).toContain('OPENMP DISPLAY ENVIRONMENT BEGIN')
  })
})

describeArchives('a network that warns', (archive) => {
  const run = children({ threads: 1 })
  const program = () => `
    const { Clip } = await load('models/clip/clip.js')
    const clip = await Clip.open({ path: ${JSON.stringify(archive('warns'))} })
    await clip.encodeImage({ dtype: 'float32', shape: [1, 3, 32, 32], data: new Float32Array(3 * 32 * 32) })`

  test('does so to the logger, from the thread of the job', async () => {
    const { status, output, errors } = await run(listening(true, program()))
    expect({ status, errors }).toEqual({ status: 0, errors: '' })
    expect(output).toEqual(['LibTorch: these pictures are old'])
  })

  test('and to nobody without one', async () => {
    expect(await run(listening(false, program()))).toMatchObject({ status: 0, output: [], errors: '' })
  })
})
