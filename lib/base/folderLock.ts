import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readlink, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { lock } from 'proper-lockfile'
import { errorCode, writeFailed } from './atomic.js'
import { SemplesError } from './error.js'

/** A kind of lock: the name that it leaves in a folder, and what the folder is, for messages. */
export interface LockKind {
  name: string
  what: string
}

/** Of the folder of a run. */
export const RUN_LOCK: LockKind = { name: 'run.lock', what: 'the run' }

/** Of a folder of masks. */
export const MASKS_LOCK: LockKind = { name: '.semples-lock', what: 'the masks in' }

/** Names that a lock leaves in a folder. */
export function lockFiles({ name }: LockKind): string[] {
  return [name, `${name}.json`, `${name}.turn`]
}

// A holder renews its lock every second. One that was killed leaves a lock that is void at once where it is known to be gone,
// else after five seconds.
const RENEW_MS = 1000
const STALE_MS = 5000

// Tells this process from an earlier one that had the same number, as containers do.
const PROCESS_TOKEN = randomUUID()

/** The right to write into a folder, held by one process at a time. */
export class FolderLock {
  private lost = false
  private unlock = async (): Promise<void> => undefined
  private readonly path: string

  private constructor(
    private readonly folder: string,
    private readonly kind: LockKind,
  ) {
    this.path = join(folder, kind.name)
  }

  /**
   * Takes the lock of a folder that is there. Waits a few seconds for one whose holder may have been killed.
   *
   * @throws SemplesError `SEMPLES_RUN_LOCKED` where another process, or this one, holds it
   */
  static async take(folder: string, kind: LockKind): Promise<FolderLock> {
    const giveUp = Date.now() + STALE_MS + 2 * RENEW_MS
    const taken = new FolderLock(folder, kind)
    for (;;) {
      // Told before the attempt: a process that sleeps meanwhile makes one more.
      const last = Date.now() > giveUp
      try {
        await taken.acquire()
        return taken
      } catch (error) {
        if (errorCode(error) !== 'ELOCKED') throw writeFailed(taken.path, error)
        if (last || (await stateOfHolder(taken.path)) === 'alive') throw taken.locked()
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
      throw errorCode(error) === 'ELOCKED' ? this.locked() : writeFailed(this.path, error)
    })
    this.lost = false
  }

  async release(): Promise<void> {
    if (this.lost) return
    // Where a clean-up from outside has released it, or taken the folder away, nothing is left to do.
    await rm(`${this.path}.json`, { force: true }).catch(() => undefined)
    await this.unlock().catch(() => undefined)
  }

  /** Takes the lock, and that of a holder that is known to be gone away. One process at a time looks and takes. */
  private acquire(): Promise<void> {
    return inTurn(`${this.path}.turn`, async () => {
      try {
        await this.lock()
      } catch (error) {
        if (errorCode(error) !== 'ELOCKED' || (await stateOfHolder(this.path)) !== 'gone') throw error
        for (const left of [`${this.path}.json`, this.path]) await rm(left, { recursive: true, force: true })
        await this.lock()
      }
    })
  }

  private async lock(): Promise<void> {
    this.unlock = await lock(this.folder, {
      lockfilePath: this.path,
      stale: STALE_MS,
      update: RENEW_MS,
      onCompromised: () => {
        this.lost = true
      },
    })
    const holder = { pid: process.pid, host: hostname(), space: await processSpace(), token: PROCESS_TOKEN }
    try {
      await writeFile(`${this.path}.json`, JSON.stringify(holder))
    } catch (error) {
      await rm(`${this.path}.json`, { force: true })
      await this.unlock()
      throw error
    }
  }

  private locked(): SemplesError {
    return new SemplesError('SEMPLES_RUN_LOCKED', {
      message: `Another process is writing to ${this.kind.what} ${this.folder}.`,
      file: this.folder,
      hint: 'Wait for it or stop it, or choose another output folder.',
    })
  }
}

/**
 * Whether the process that took a lock runs; `unknown` where it is of another computer, or its numbers of processes are others,
 * as in a container.
 */
async function stateOfHolder(path: string): Promise<'alive' | 'gone' | 'unknown'> {
  const { pid, host, space, token } = await holderOf(path)
  if (host !== hostname() || space !== (await processSpace()) || typeof pid !== 'number') return 'unknown'
  if (pid === process.pid) return token === PROCESS_TOKEN ? 'alive' : 'gone'
  try {
    process.kill(pid, 0)
    return (await hasEnded(pid)) ? 'gone' : 'alive'
  } catch (error) {
    return errorCode(error) === 'ESRCH' ? 'gone' : 'alive'
  }
}

/** Whether nothing is left of a process but its number, which its parent has not asked about yet; of Linux alone. */
async function hasEnded(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Behind the name of the program, which stands in parentheses.
  return /^[ZX]/.test(status.slice(status.lastIndexOf(')') + 2))
}

async function holderOf(path: string): Promise<Record<string, unknown>> {
  try {
    return { ...JSON.parse(await readFile(`${path}.json`, 'utf8')) }
  } catch {
    return {}
  }
}

/** What the numbers of processes count in; of Linux alone. */
function processSpace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => '')
}

/** Runs a task of milliseconds while no other process runs one of that name; `turn` is a folder that is made for that long. */
async function inTurn<T>(turn: string, task: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      await mkdir(turn)
      break
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      // Left by a process that was killed amid its task.
      const made = await stat(turn).catch(() => undefined)
      if (made !== undefined && Date.now() - made.mtimeMs > STALE_MS) await rmdir(turn).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  try {
    return await task()
  } finally {
    await rmdir(turn).catch(() => undefined)
  }
}
