import { messageText, type Progress } from '../../base/progress.js'
import type { Terminal } from '../terminal.js'
import { epochOf, figures, shareDone } from './format.js'

/** Shows the progress of a job. */
export interface ProgressView {
  show(progress: Progress): void
  /** Leaves the screen as it was; nothing may be shown afterwards. */
  close(): void
}

/** A bar on an interactive terminal, lines in pipes, files and CI, nothing with `quiet`. */
export async function openView(terminal: Terminal, quiet = false): Promise<ProgressView> {
  if (quiet) return { show: () => undefined, close: () => undefined }
  if (terminal.screen === undefined) return new LineView(terminal)
  const { BarView } = await import('./bar.js')
  return new BarView(terminal, terminal.screen)
}

/** Minimum milliseconds between two lines. */
const MIN_INTERVAL_MS = 10_000

/** The same as a fraction of the stage's time so far, so that a day of training prints hundreds of lines, not thousands. */
const MIN_INTERVAL_SHARE = 0.02

/** Prints a line for every notice, for the start and the end of every stage, and at intervals between. */
export class LineView implements ProgressView {
  private stage = ''
  private started = 0
  private lastLineAt = 0
  /** The latest step of the stage, while no line has told it. */
  private untold?: Progress

  constructor(
    private readonly terminal: Pick<Terminal, 'err'>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  show(progress: Progress): void {
    if (progress.message !== undefined) {
      this.terminal.err(messageText(progress))
      return
    }
    const starts = progress.stage !== this.stage
    const ends = shareDone(progress) >= 1
    const now = this.now()
    if (starts) {
      this.tellLast()
      this.started = now
    }
    if (
      !starts &&
      !ends &&
      now - this.lastLineAt < Math.max(MIN_INTERVAL_MS, MIN_INTERVAL_SHARE * (now - this.started))
    ) {
      this.untold = progress
      return
    }
    this.stage = progress.stage
    this.lastLineAt = now
    this.untold = undefined
    this.tell(progress)
  }

  close(): void {
    this.tellLast()
  }

  /** How far a stage came that is over: else its last line would look broken off. */
  private tellLast(): void {
    if (this.untold !== undefined) this.tell(this.untold)
    this.untold = undefined
  }

  private tell(progress: Progress): void {
    const position = `${progress.step}/${progress.steps}`
    const epoch = epochOf(progress)
    const parts = [epoch === '' ? position : `${epoch} step ${position}`, figures(progress)]
    this.terminal.err(`${progress.stage}: ${parts.filter((part) => part !== '').join('  ')}`)
  }
}
