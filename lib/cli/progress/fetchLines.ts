import type { FetchProgress, ReportProgress } from '../../fetch/progress.js'

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
