import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SemplesError } from '../base/error.js'
import type { FetchOptions } from './progress.js'

/** A lock that was not renewed for this long is taken over, because its holder was killed. */
const STALE_MS = 15_000

/** Runs a task while no other process of this user fetches into a folder; waits for another one, however long it takes. */
export async function withFetchLock<T>(
  folder: string,
  title: string,
  options: FetchOptions,
  task: () => Promise<T>,
): Promise<T> {
  const { lock } = await import('proper-lockfile').then((module) => module.default ?? module)
  for (let waited = 0; ; waited++) {
    const release = await lock(folder, {
      lockfilePath: join(folder, '.lock'),
      stale: STALE_MS,
      update: 3000,
      // The default handler throws from a timer; a process that lost the lock fails at its next file instead.
      onCompromised: () => {},
    }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ELOCKED') return undefined
      throw new SemplesError('SEMPLES_WRITE_FAILED', {
        message: `The folder ${folder} cannot be locked: ${cause.message}.`,
        hint: 'Name a folder of your own in SEMPLES_CACHE.',
        cause,
      })
    })
    if (release === undefined) {
      if (waited === 0) {
        options.onProgress?.({
          phase: 'wait',
          message: `Waiting for another process that fetches ${title}`,
          doneBytes: 0,
        })
      }
      // Its own error is not the reason that the caller gave.
      await pause(500, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted())
      continue
    }
    try {
      return await task()
    } finally {
      await release().catch(() => {})
    }
  }
}
