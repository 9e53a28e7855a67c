import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { compileFolders } from '../support/compiled.js'

/** The program as a process of its own: what cannot be told from inside one. */
let root: string

beforeAll(() => {
  const folders = readdirSync('lib', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  root = compileFolders(folders.map(({ name }) => name))
  const compiled = readdirSync(root, { withFileTypes: true }).filter(({ name }) => name !== 'package.json')
  mkdirSync(join(root, 'dist'))
  for (const { name } of compiled) renameSync(join(root, name), join(root, 'dist', name))
  writeFileSync(join(root, 'package.json'), '{ "name": "semples", "type": "module", "version": "1.2.3" }')
  // The program with a job that waits until it is stopped, or for ever.
  writeFileSync(
    join(root, 'dist', 'waiting.js'),
    `import { interruptSignal } from './cli/interrupt.js'
import { runCommand } from './cli/program.js'
import { processTerminal } from './cli/terminal.js'
const terminal = processTerminal()
const signal = interruptSignal(terminal)
const evaluate = () => new Promise((_, reject) => {
  setInterval(() => {}, 1000)
  // As a step that is being computed, which is waited for.
  if (process.env.STUBBORN !== undefined) process.on('exit', () => { for (;;); })
  else signal.addEventListener('abort', () => reject(signal.reason))
  terminal.err('waiting')
})
const words = ['eval', '--masks', 'm', '--ground-truth', 'g', '--classes', 'voc2012']
process.exit(await runCommand(words, { jobs: { evaluate }, terminal, signal, status: 0 }))
`,
  )
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Ended {
  status: number | null
  signal: string | null
  out: string
  err: string
}

function start(file: string, words: string[] = [], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(root, 'dist', file), ...words], {
    env: { ...process.env, SEMPLES_CACHE: mkdtempSync(join(tmpdir(), 'semples-cache-')), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  return new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal, out, err })))
}

/** Resolves when the process has written `text` to standard error. */
function says(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve) => {
    let seen = ''
    child.stderr?.on('data', (chunk) => {
      seen += chunk
      if (seen.includes(text)) resolve()
    })
  })
}

test('exit status, standard output and standard error', async () => {
  expect(await ended(start('cli/main.js', ['--version']))).toEqual({ status: 0, signal: null, out: '1.2.3\n', err: '' })
  const wrong = await ended(start('cli/main.js', ['train', '--set', 'epoch=1']))
  expect([wrong.status, wrong.out]).toEqual([2, ''])
  expect(wrong.err).toBe('error: There is no config field epoch. Did you mean epochs? [SEMPLES_CONFIG_UNKNOWN]\n')
})

test('libtorch list --json: one line, also where there is nothing', async () => {
  const { status, out, err } = await ended(
    start('cli/main.js', ['libtorch', 'list', '--json'], { SEMPLES_LIBTORCH: '/nowhere' }),
  )
  expect([status, err, out.trim().split('\n').length]).toEqual([0, '', 1])
  expect(JSON.parse(out)).toMatchObject({ installed: [], used: null, refused: [{ path: '/nowhere' }] })
})

test('scenes in a pipe: progress on standard error, the result on the last line of standard output', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'semples-scenes-')), 'drawn')
  const words = ['scenes', '--out', folder, '--train', '2', '--val', '1', '--size', '32']
  const { status, out, err } = await ended(start('cli/main.js', [...words, '--json'], { CI: 'true' }))
  expect(status).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ out: folder, reused: false, train: 2 })
  expect(err).toMatch(/^scenes: 1\/3.*\nscenes: 3\/3.*\n$/)
  const again = await ended(start('cli/main.js', [...words, '--quiet']))
  expect([again.status, again.err]).toEqual([0, ''])
  expect(again.out).toMatch(/3 scenes were already in/)
  rmSync(folder, { recursive: true })
})

test('a reader that goes away is no error', async () => {
  const child = start('cli/main.js', ['config', '--json'])
  // Long before the program writes.
  child.stdout?.destroy()
  let err = ''
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const status = await new Promise((resolve) => child.on('exit', resolve))
  expect([status, err]).toEqual([0, ''])
})

test('--offline: a missing LibTorch is an error that names the command to type', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'semples-'))
  const child = start('cli/main.js', ['masks', '--run', 'r', '--out', 'm', '--offline'], {
    PATH: empty,
    SEMPLES_LIBTORCH: '',
  })
  const { status, err } = await ended(child)
  expect(status).toBe(1)
  expect(err).toMatch(/LibTorch .*not found.*npx semples libtorch install.*SEMPLES_LIBTORCH_NOT_FOUND/)
})

describe('interrupts', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s stops the job, status %i', async (signal, status) => {
    const child = start('waiting.js')
    const end = ended(child)
    await says(child, 'waiting')
    child.kill(signal)
    const { err, ...rest } = await end
    expect(rest).toEqual({ status, signal: null, out: '' })
    expect(err).toMatch(/^waiting\nStopping .*\nInterrupted\.\n$/)
  })

  test('a second one ends a job that does not stop', async () => {
    const child = start('waiting.js', [], { STUBBORN: '1' })
    const end = ended(child)
    await says(child, 'waiting')
    child.kill('SIGINT')
    await says(child, 'Stopping')
    child.kill('SIGINT')
    // What shells call 130.
    expect(await end).toMatchObject({ status: null, signal: 'SIGINT' })
  })
})
