import type { Progress } from '../../base/progress.js'

/** Shows a job's progress to whoever started it. */
export interface ProgressView {
  show(progress: Progress): void
  /** Leaves the screen as it was; nothing may be shown afterwards. */
  close(): void
}
