import type { WriteStream } from 'node:tty'
import type { MultiBar, SingleBar } from 'cli-progress'
import { type FetchProgress, formatBytes } from '../../fetch/progress.js'
import type { Terminal } from '../terminal.js'
import { drawBar, openBars, sayAbove } from './bar.js'
import { roughDuration } from './format.js'

/** Maximum and minimum width of a bar, in characters. */
const MAX_WIDTH = 24
const MIN_WIDTH = 6

interface Drawn {
  progress: FetchProgress
  /** Bytes per second since the phase began; 0 where that is not known yet. */
  rate: number
}

/** Each message once, and below them a bar for each phase that has a size. */
export class FetchBarView {
  private readonly bars: MultiBar
  private bar?: SingleBar
  private message = ''
  private phase = ''
  private started = { at: 0, bytes: 0 }

  constructor(
    private readonly terminal: Pick<Terminal, 'aside'>,
    private readonly screen: WriteStream,
  ) {
    terminal.aside = (line) => sayAbove(this.bars, screen, line)
    this.bars = openBars<Drawn>(screen, ({ progress, rate }) => fetchBarLine(progress, rate, screen.columns ?? 80))
  }

  show(progress: FetchProgress): void {
    const { phase, message, doneBytes, totalBytes } = progress
    if (message !== this.message) {
      this.message = message
      // Anew, because a broken connection stands still for a while.
      this.started = { at: performance.now(), bytes: doneBytes }
      sayAbove(this.bars, this.screen, message)
    }
    if (totalBytes === undefined) return
    const seconds = (performance.now() - this.started.at) / 1000
    const drawn: Drawn = { progress, rate: seconds < 1 ? 0 : (doneBytes - this.started.bytes) / seconds }
    if (phase !== this.phase || this.bar === undefined) {
      this.phase = phase
      this.bar = this.bars.create(totalBytes, doneBytes, drawn)
    }
    this.bar.setTotal(totalBytes)
    this.bar.update(doneBytes, drawn)
  }

  close(): void {
    this.terminal.aside = undefined
    this.bars.update()
    this.bars.stop()
  }
}

/** `download  ━━━━━─────   40 %  76.7 MB of 191.8 MB  12.3 MB/s  9 s left`, with fewer parts where there is no room. */
export function fetchBarLine(progress: FetchProgress, rate: number, columns: number): string {
  const { phase, doneBytes, totalBytes = doneBytes } = progress
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes)
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  const left = (totalBytes - doneBytes) / rate
  const parts = [
    `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
    ...(rate > 0 ? [`${formatBytes(rate)}/s`] : []),
    // Unpacking begins with thousands of small files, which say nothing of the large ones.
    ...(phase === 'download' && rate > 0 && left >= 0.5 ? [`${roughDuration(left)} left`] : []),
  ]
  const head = phase.padEnd(8)
  const room = () => columns - 1 - [head, '', percent, ...parts].join('  ').length
  while (parts.length > 0 && room() < MIN_WIDTH) parts.pop()
  const width = Math.max(0, Math.min(MAX_WIDTH, room()))
  return [head, drawBar(share, width), percent, ...parts].join('  ')
}
