import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { FolderLock, MASKS_LOCK, RUN_LOCK } from '../../lib/base/folderLock.js'
import { rejection } from '../config/refusal.js'
import { compileFolders } from '../support/compiled.js'
import { needs } from '../support/needs.js'

let compiled: string
beforeAll(() => {
  compiled = compileFolders(['base'])
})
afterAll(() => rm(compiled, { recursive: true, force: true }))

const temporary = () => mkdtemp(join(tmpdir(), 'semples-lock-'))

/** Takes the lock in another process, and says so. */
async function holder(folder: string) {
  const code = `
    const { FolderLock, MASKS_LOCK } = await import(process.argv[1] + '/base/folderLock.js')
    await FolderLock.take(process.argv[2], MASKS_LOCK)
    console.log('taken')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, compiled, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

test('N11: one process at a time holds a folder, and the lock of a killed one is void at once', async () => {
  const folder = await temporary()
  const child = await holder(folder)
  expect(await rejection(FolderLock.take(folder, MASKS_LOCK))).toMatchObject({
    code: 'SEMPLES_RUN_LOCKED',
    file: folder,
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const left = JSON.parse(await readFile(join(folder, '.semples-lock.json'), 'utf8'))
  expect(left.pid).toBe(child.pid)
  // Renewed from outside it never grows old: only whoever knows that its holder is gone takes it.
  const renewal = setInterval(
    () => void utimes(join(folder, '.semples-lock'), new Date(), new Date()).catch(() => {}),
    100,
  )
  const taken = await FolderLock.take(folder, MASKS_LOCK).finally(() => clearInterval(renewal))
  expect(JSON.parse(await readFile(join(folder, '.semples-lock.json'), 'utf8')).pid).toBe(process.pid)
  await taken.release()
  expect(await readdir(folder)).toEqual([])
})

needs('linux').test('a process that nobody has buried yet holds nothing', async () => {
  const folder = await temporary()
  // Its parent never asks how it ended.
  const parent = spawn('sh', ['-c', 'sh -c "echo \\$\\$; read line" & exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [bytes] = await once(parent.stdout, 'data')
  const pid = Number(String(bytes))
  try {
    process.kill(pid, 'SIGKILL')
    await mkdir(join(folder, 'run.lock'))
    const space = await readlink('/proc/self/ns/pid').catch(() => '')
    await writeFile(join(folder, 'run.lock.json'), JSON.stringify({ pid, host: hostname(), space, token: 'x' }))
    const renewal = setInterval(
      () => void utimes(join(folder, 'run.lock'), new Date(), new Date()).catch(() => {}),
      100,
    )
    const taken = await FolderLock.take(folder, RUN_LOCK).finally(() => clearInterval(renewal))
    await taken.release()
  } finally {
    parent.kill('SIGKILL')
  }
})

test('of many who come after a killed process, one gets the lock', async () => {
  for (let round = 0; round < 5; round++) {
    const folder = await temporary()
    await mkdir(join(folder, 'run.lock'))
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    const space = await readlink('/proc/self/ns/pid').catch(() => '')
    await writeFile(
      join(folder, 'run.lock.json'),
      JSON.stringify({ pid: child.pid, host: hostname(), space, token: 'x' }),
    )
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => FolderLock.take(folder, RUN_LOCK)))
    const held = taken.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(held).toHaveLength(1)
    await held[0]!.release()
    expect(await readdir(folder)).toEqual([])
  }
})

test('a lock of another computer, or of another container, is not taken away', async () => {
  const folder = await temporary()
  await mkdir(join(folder, 'run.lock'))
  const left = { pid: 2 ** 22 - 1, host: `${hostname()}-other`, space: '', token: 'x' }
  await writeFile(join(folder, 'run.lock.json'), JSON.stringify(left))
  // It is renewed, as its holder would.
  const renewal = setInterval(() => void utimes(join(folder, 'run.lock'), new Date(), new Date()), 500)
  try {
    expect((await rejection(FolderLock.take(folder, RUN_LOCK))).code).toBe('SEMPLES_RUN_LOCKED')
  } finally {
    clearInterval(renewal)
  }
}, 20_000)
