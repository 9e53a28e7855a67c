import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SemplesError } from '../base/error.js'
import type { ReportProgress } from './progress.js'

/** A lock that was not renewed for this long is taken over, because its holder was killed. */
const STALE_MS = 15_000

/** Runs a task while no other process of this user installs; waits for another installation, however long it takes. */
export async function withInstallLock<T>(
  cache: string,
  options: { onProgress?: ReportProgress; signal?: AbortSignal },
  task: () => Promise<T>,
): Promise<T> {
  const { lock } = await import('proper-lockfile').then((module) => module.default ?? module)
  for (let waited = 0; ; waited++) {
    const release = await lock(cache, {
      lockfilePath: join(cache, '.lock'),
      stale: STALE_MS,
      update: 3000,
      // The default handler throws from a timer; a process that lost the lock fails at its next file instead.
      onCompromised: () => {},
    }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ELOCKED') return undefined
      throw new SemplesError('SEMPLES_WRITE_FAILED', {
        message: `The folder ${cache} cannot be locked: ${cause.message}.`,
        hint: 'Name a folder of your own in SEMPLES_CACHE.',
        cause,
      })
    })
    if (release === undefined) {
      if (waited === 0) {
        options.onProgress?.({
          phase: 'wait',
          message: 'Waiting for another process that installs LibTorch',
          doneBytes: 0,
        })
      }
      await pause(500, undefined, { signal: options.signal })
      continue
    }
    try {
      return await task()
    } finally {
      await release().catch(() => {})
    }
  }
}
