/** Progress of a long job, as `onProgress` receives it. */
export interface Progress {
  /**
   * `classify`, `match`, `prompt`, `guide`; `labels` where thresholds of predicted labels are found; `masks`, `crf`, ...; or
   * `run` for notices about the whole run.
   */
  stage: string
  /** Counted from 1; 0 before the first step. */
  epoch: number
  epochs: number
  /** Steps (or pictures) done in this epoch, of `steps`. */
  step: number
  steps: number
  loss?: number
  /** Unweighted loss terms by name. */
  terms?: Record<string, number>
  picturesPerSecond?: number
  /** Seconds left in this stage. */
  eta?: number
  /** A one-line notice for people: counts, chosen device, effective learning rate. */
  message?: string
  /** The message is a warning: something may make the result other than meant. It is also among the result's `warnings`. */
  warning?: true
}

export type OnProgress = (progress: Progress) => void

/** Progress that carries a message and no step. */
export function notice(stage: string, message: string): Progress {
  return { stage, epoch: 0, epochs: 0, step: 0, steps: 0, message }
}

/** Progress that carries a warning and no step. */
export function warning(stage: string, message: string): Progress {
  return { ...notice(stage, message), warning: true }
}

/** `run: training starts`, `run: warning: no picture without a class`. */
export function messageText({ stage, message = '', warning }: Progress): string {
  return `${stage}: ${warning ? WARNING : ''}${message}`
}

/** Before a warning, wherever one is printed. */
export const WARNING = 'warning: '

/** From so many items, or so many seconds, on an estimate holds: the first item is slower than the others. */
const ESTIMATE_ITEMS = 4
const ESTIMATE_SECONDS = 5

/**
 * Progress of a job that counts only finished items; adds the rate and the time left since this call, once a few items or
 * seconds are done.
 */
export function itemProgress(stage: string, now: () => number = () => performance.now()) {
  const started = now()
  return (done: number, total: number): Progress => {
    const seconds = (now() - started) / 1000
    const known =
      seconds > 0 && (done >= ESTIMATE_ITEMS || (done > 0 && (seconds >= ESTIMATE_SECONDS || done === total)))
    const rate = known ? { picturesPerSecond: done / seconds, eta: ((total - done) * seconds) / done } : {}
    return { stage, epoch: 1, epochs: 1, step: done, steps: total, ...rate }
  }
}
