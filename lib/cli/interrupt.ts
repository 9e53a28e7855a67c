import type { Terminal } from './terminal.js'

const statusOf = { SIGINT: 130, SIGTERM: 143 } as const

/** The reason of an abort by a signal of the operating system. */
export class Interrupted extends Error {
  constructor(readonly status: number) {
    super('interrupted')
  }
}

/**
 * An AbortSignal that Ctrl-C (or SIGTERM) aborts; jobs then stop where nothing is lost. A second Ctrl-C ends the process
 * at once, which shells report as status 130 (143).
 */
export function interruptSignal(terminal: Terminal): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        // A progress bar hides the cursor and keeps lines from wrapping.
        if (terminal.screen !== undefined) terminal.screen.write('\u001b[?25h\u001b[?7h\n')
        endBy(name)
        return
      }
      controller.abort(new Interrupted(statusOf[name]))
      terminal.err('Stopping at the next safe point. To stop at once, press Ctrl-C again.')
    })
  }
  return controller.signal
}

/** Ends the process by the signal's default action: `process.exit` would wait for the step that is being computed. */
function endBy(name: keyof typeof statusOf): void {
  process.removeAllListeners(name)
  process.kill(process.pid, name)
}
