import type { Terminal } from '../terminal.js'
import { LineView } from './lines.js'
import type { ProgressView } from './progressView.js'

/** A bar for a person at a terminal, lines for pipes, files and CI, nothing with `quiet`. */
export async function openView(terminal: Terminal, quiet = false): Promise<ProgressView> {
  if (quiet) return { show: () => undefined, close: () => undefined }
  if (terminal.screen === undefined) return new LineView(terminal)
  const { BarView } = await import('./bar.js')
  return new BarView(terminal, terminal.screen)
}
