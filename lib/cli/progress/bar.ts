import type { WriteStream } from 'node:tty'
import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress'
import type { Progress } from '../../stages/progress.js'
import { epochOf, figures, shareDone } from './format.js'
import type { ProgressView } from './view.js'

const WIDTH = 24
const PARTS = 1000

/** One bar a stage, with notices written above it. Finished bars stay. */
export class BarView implements ProgressView {
  private readonly bars: MultiBar
  private stage = ''
  private bar?: SingleBar

  constructor(screen: WriteStream) {
    this.bars = new cliProgress.MultiBar({
      stream: screen,
      hideCursor: true,
      linewrap: false,
      // Ctrl-C is the command's: it stops the job first.
      gracefulExit: false,
      fps: 10,
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
    this.bars.update()
    this.bars.stop()
  }

  private say(line: string): void {
    this.bars.log(`${line}\n`)
    // Without a bar nothing would draw it.
    this.bars.update()
  }
}

function drawBar(share: number): string {
  const full = Math.round(Math.min(1, share) * WIDTH)
  return '━'.repeat(full) + '─'.repeat(WIDTH - full)
}
