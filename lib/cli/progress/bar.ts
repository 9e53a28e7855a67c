import type { WriteStream } from 'node:tty'
import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress'
import { messageText, type Progress } from '../../base/progress.js'
import type { Terminal } from '../terminal.js'
import { epochOf, partsOf, shareDone } from './format.js'

/** Maximum and minimum width of a bar, in characters. */
const MAX_WIDTH = 24
const MIN_WIDTH = 6
const PARTS = 1000

/** One bar per stage, with notices printed above it. Finished bars stay. */
export class BarView {
  private readonly bars: MultiBar
  private stage = ''
  private bar?: SingleBar

  constructor(
    private readonly terminal: Pick<Terminal, 'aside'>,
    private readonly screen: WriteStream,
  ) {
    terminal.aside = (line) => this.say(line)
    this.bars = openBars<{ progress: Progress }>(screen, ({ progress }) => barLine(progress, screen.columns ?? 80))
  }

  show(progress: Progress): void {
    if (progress.message !== undefined) {
      this.say(messageText(progress))
      return
    }
    const payload = { progress }
    if (progress.stage !== this.stage || this.bar === undefined) {
      this.stage = progress.stage
      this.bar = this.bars.create(PARTS, 0, payload)
    }
    this.bar.update(Math.round(shareDone(progress) * PARTS), payload)
  }

  close(): void {
    this.terminal.aside = undefined
    this.bars.update()
    this.bars.stop()
  }

  private say(line: string): void {
    sayAbove(this.bars, this.screen, line)
  }
}

/** Bars of which each line is what `format` makes of the payload. */
export function openBars<T>(screen: WriteStream, format: (payload: T) => string): MultiBar {
  return new cliProgress.MultiBar({
    stream: screen,
    hideCursor: true,
    linewrap: false,
    // The command handles Ctrl-C: it stops the job first.
    gracefulExit: false,
    fps: 10,
    // A notice moves the bars down; those at rest must be drawn again too.
    forceRedraw: true,
    format: (_options, _params, payload) => format(payload as T),
  })
}

/** Prints a line above the bars. */
export function sayAbove(bars: MultiBar, screen: WriteStream, line: string): void {
  // Drawn before the first bar, cli-progress would keep a timer that nothing stops.
  if (!bars.isActive) {
    screen.write(`${line}\n`)
    return
  }
  // While a bar is on the screen, the terminal would cut long lines off.
  for (const part of wrap(line, screen.columns ?? 80)) bars.log(`${part}\n`)
  bars.update()
}

/**
 * `match     ━━━━━━──────   50 %  epoch 3/6  loss 1.2345  12.3 pictures/s  6 min left` in fewer characters than
 * `columns`: the bar gets shorter, then percent, rate, loss and epoch are left out, in this order.
 */
export function barLine(progress: Progress, columns: number): string {
  const { loss, rate, left } = partsOf(progress)
  const share = Math.min(1, shareDone(progress))
  const parts = { percent: `${Math.floor(share * 100)} %`.padStart(5), epoch: epochOf(progress), loss, rate, left }
  const stage = progress.stage.padEnd(8)
  // The bar says about the same as the percentage, so that goes first.
  if (room(stage, parts, columns) < MAX_WIDTH / 2) parts.percent = ''
  for (const name of ['rate', 'loss', 'epoch', 'left'] as const) {
    if (room(stage, parts, columns) >= MIN_WIDTH) break
    parts[name] = ''
  }
  const width = Math.max(0, Math.min(MAX_WIDTH, room(stage, parts, columns)))
  return [stage, drawBar(share, width), ...Object.values(parts)].filter((part) => part !== '').join('  ')
}

/** Characters left for the bar. */
function room(stage: string, parts: Record<string, string>, columns: number): number {
  const texts = [stage, ...Object.values(parts)].filter((part) => part !== '')
  return columns - 1 - texts.join('  ').length - 2
}

/** `━━━───` */
export function drawBar(share: number, width: number): string {
  const full = Math.round(share * width)
  return '━'.repeat(full) + '─'.repeat(width - full)
}

/** Breaks a line at spaces where it is longer than the screen is wide. */
function wrap(line: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of line.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
