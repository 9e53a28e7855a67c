import { randomUUID } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { lock } from 'proper-lockfile'
import { errorCode, writeFailed } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'

/** Names that a lock leaves in a folder. */
export const LOCK_FILES = ['run.lock', 'run.lock.json']

// A holder renews its lock every second; one that was killed leaves a lock that is void after five.
const RENEW_MS = 1000
const STALE_MS = 5000

// Tells this process from an earlier one that had the same number, as containers do.
const PROCESS_TOKEN = randomUUID()

/** The right to write into a folder, held by one process at a time. */
export class FolderLock {
  private lost = false
  private unlock = async (): Promise<void> => undefined

  private constructor(private readonly folder: string) {}

  /**
   * Takes the lock. Waits a few seconds for one whose holder was killed.
   *
   * @throws SemplesError `SEMPLES_RUN_LOCKED` where another process, or this one, holds it
   */
  static async take(folder: string): Promise<FolderLock> {
    const giveUp = Date.now() + STALE_MS + 2 * RENEW_MS
    const taken = new FolderLock(folder)
    for (;;) {
      // Told before the attempt: a process that sleeps meanwhile makes one more.
      const last = Date.now() > giveUp
      try {
        await taken.acquire()
        return taken
      } catch (error) {
        if (errorCode(error) !== 'ELOCKED') throw writeFailed(join(folder, 'run.lock'), error)
        if (last || (await holderIsAlive(folder))) throw locked(folder)
        await new Promise((resolve) => setTimeout(resolve, RENEW_MS / 4))
      }
    }
  }

  /**
   * Makes sure that the lock is still held, and takes it again after the computer slept, unless another process was quicker.
   *
   * @throws SemplesError `SEMPLES_RUN_LOCKED`
   */
  async check(): Promise<void> {
    if (!this.lost) return
    await this.acquire().catch((error: unknown) => {
      throw errorCode(error) === 'ELOCKED' ? locked(this.folder) : writeFailed(join(this.folder, 'run.lock'), error)
    })
    this.lost = false
  }

  async release(): Promise<void> {
    if (this.lost) return
    await rm(join(this.folder, 'run.lock.json'), { force: true })
    // Released meanwhile by a clean-up from outside: nothing is left to do.
    await this.unlock().catch(() => undefined)
  }

  private async acquire(): Promise<void> {
    this.unlock = await lock(this.folder, {
      lockfilePath: join(this.folder, 'run.lock'),
      stale: STALE_MS,
      update: RENEW_MS,
      onCompromised: () => {
        this.lost = true
      },
    })
    const holder = { pid: process.pid, host: hostname(), token: PROCESS_TOKEN }
    try {
      await writeFile(join(this.folder, 'run.lock.json'), JSON.stringify(holder))
    } catch (error) {
      await rm(join(this.folder, 'run.lock.json'), { force: true })
      await this.unlock()
      throw error
    }
  }
}

function locked(folder: string): SemplesError {
  return new SemplesError('SEMPLES_RUN_LOCKED', {
    message: `Another process is writing to the run ${folder}.`,
    file: folder,
    hint: 'Wait for it or stop it, or choose another output folder.',
  })
}

/** Whether the process that took the lock runs on this computer; false also where that cannot be known. */
async function holderIsAlive(folder: string): Promise<boolean> {
  try {
    const { pid, host, token } = JSON.parse(await readFile(join(folder, 'run.lock.json'), 'utf8'))
    if (host !== hostname() || typeof pid !== 'number') return false
    if (pid === process.pid) return token === PROCESS_TOKEN
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}
