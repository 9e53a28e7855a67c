import type { FetchProgress, ReportProgress } from '../../fetch/progress.js'
import type { Terminal } from '../terminal.js'

/** Prints progress as lines for a log or terminal: each message once, then every ten percent. */
export function fetchLines(write: (line: string) => void): ReportProgress {
  let message = ''
  let tenth = 0
  return (progress: FetchProgress) => {
    if (progress.message !== message) {
      message = progress.message
      tenth = 0
      write(message)
    }
    const share = progress.totalBytes ? Math.floor((10 * progress.doneBytes) / progress.totalBytes) : 0
    if (share <= tenth) return
    tenth = share
    write(`  ${tenth * 10} %`)
  }
}

/** Shows what is fetched. */
export interface FetchView {
  show: ReportProgress
  /** Leaves the screen as it was; nothing may be shown afterwards. */
  close(): void
}

/** Bars on an interactive terminal, lines in pipes, files and CI. */
export async function openFetchView(terminal: Terminal): Promise<FetchView> {
  if (terminal.screen === undefined) return { show: fetchLines(terminal.err), close: () => undefined }
  const { FetchBarView } = await import('./fetchBar.js')
  const view = new FetchBarView(terminal, terminal.screen)
  return { show: (progress) => view.show(progress), close: () => view.close() }
}
