import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll } from '@jest/globals'
import { searchNative } from '../../lib/native/choose.js'
import { compileFolders } from '../support/compiled.js'

export interface Ending {
  status: number | null
  signal: string | null
  /** What the program wrote to standard output, parsed where it is JSON. */
  output: unknown
  errors: string
}

/**
 * Runs programs on lib/models in a Node of their own, so that a crash is a result. A program may use `load(name)` (a
 * module of lib), `say(value)` (JSON to standard output) and `tiny`, `batch` as below; `worker(body)` starts a worker
 * thread with the same names.
 * @param threads of one operation; models as small as these are fastest with one
 */
export function children({
  threads,
}: {
  threads?: number
} = {}): (program: string, options?: { flags?: string[] }) => Promise<Ending> {
  let folder = ''
  beforeAll(() => {
    folder = compileFolders(['base', 'fetch', 'formats', 'text', 'libtorch', 'native', 'models'])
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return (program, { flags = [] } = {}) => runNode(prelude(folder, threads) + program, flags)
}

function prelude(folder: string, threads = 0): string {
  const names = `
    const load = (name) => import(${JSON.stringify(pathToFileURL(join(folder, '/')).href)} + name)
    const { MaskGenerator } = await load('models/maskGenerator.js')
    const { Trainer } = await load('models/trainer.js')
    if (${threads} > 0) await (await load('models/devices.js')).chooseCompute('cpu', ${threads});
    const tiny = { kind: 'weaktr', imageSize: 32, patchSize: 8, width: 16, depth: 2, heads: 2, classes: 3 }
    const middle = { kind: 'weaktr', imageSize: 128, patchSize: 8, width: 96, depth: 6, heads: 2, classes: 3 }
    const terms = { class_logits: 1, fine_logits: 1 }
    const batch = ({ imageSize: size }) => ({
      pixels: new Uint8Array(2 * size * size * 3).map((_, index) => index * 7),
      count: 2, height: size, width: size, labels: Uint8Array.of(1, 0, 1, 0, 1, 0), learningRate: 1e-3 })
    const trainer = async (config) =>
      Trainer.create({ generator: await MaskGenerator.create(config), terms, trains: 'all' })
    `
  return `${names}
    const { writeSync } = await import('node:fs')
    const say = (value) => writeSync(1, JSON.stringify(value))
    const { Worker } = await import('node:worker_threads')
    const worker = (body) =>
      new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(names)} +
        "const { parentPort } = await import('node:worker_threads');" + body)))
    const message = (thread) =>
      new Promise((done, failed) => thread.once('message', done).once('error', failed));
    `
}

async function runNode(program: string, flags: string[]): Promise<Ending> {
  const { LD_LIBRARY_PATH: _, ...env } = process.env
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', program], {
    // Test processes compete for the cores: waiting OpenMP threads sleep at once.
    env: { ...env, OMP_WAIT_POLICY: 'passive', SEMPLES_ADDON: searchNative().addon.found!.file, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  return new Promise((done, failed) =>
    child.once('error', failed).once('close', (status, signal) => {
      done({ status, signal, output: parsed(output), errors })
    }),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
