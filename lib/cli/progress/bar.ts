import type { WriteStream } from 'node:tty'
import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress'
import type { Progress } from '../../stages/progress.js'
import type { Terminal } from '../terminal.js'
import { epochOf, figures, shareDone } from './format.js'
import type { ProgressView } from './progressView.js'

const WIDTH = 24
const PARTS = 1000

/** One bar a stage, with notices written above it. Finished bars stay. */
export class BarView implements ProgressView {
  private readonly bars: MultiBar
  private stage = ''
  private bar?: SingleBar

  constructor(
    private readonly terminal: Pick<Terminal, 'aside'>,
    private readonly screen: WriteStream,
  ) {
    terminal.aside = (line) => this.say(line)
    this.bars = new cliProgress.MultiBar({
      stream: screen,
      hideCursor: true,
      linewrap: false,
      // Ctrl-C is the command's: it stops the job first.
      gracefulExit: false,
      fps: 10,
      // A notice moves the bars down; those at rest must be drawn again too.
      forceRedraw: true,
      format: (_options, { progress }, { stage, epoch, figures: text }) =>
        [`${stage}`.padEnd(8), drawBar(progress), `${Math.floor(progress * 100)} %`.padStart(5), epoch, text]
          .filter((part) => part !== '')
          .join('  '),
    })
  }

  show(progress: Progress): void {
    if (progress.message !== undefined) {
      this.say(`${progress.stage}: ${progress.message}`)
      return
    }
    const payload = { stage: progress.stage, epoch: epochOf(progress), figures: figures(progress) }
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
    // While a bar is on the screen, the terminal would cut long lines off.
    for (const part of wrap(line, this.screen.columns ?? 80)) this.bars.log(`${part}\n`)
    // Without a bar nothing would draw it.
    this.bars.update()
  }
}

function drawBar(share: number): string {
  const full = Math.round(Math.min(1, share) * WIDTH)
  return '━'.repeat(full) + '─'.repeat(WIDTH - full)
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
