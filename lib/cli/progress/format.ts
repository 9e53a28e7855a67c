import type { Progress } from '../../base/progress.js'

/** A duration rounded for estimates: `8 s`, `6 min`, `1 h 20 min`. */
export function roughDuration(seconds: number): string {
  if (seconds < 59.5) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
}

/** A loss with four decimals, or in exponential notation where it is small. */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  return Math.abs(value) >= 1e-3 || value === 0 ? value.toFixed(4) : value.toExponential(2)
}

/** `loss 1.2345  12.3 pictures/s  6 min left`, as far as they are known. */
export function figures(progress: Progress): string {
  const { loss, rate, left } = partsOf(progress)
  return [loss, rate, left].filter((part) => part !== '').join('  ')
}

/** The figures one by one; an empty text where one is unknown. */
export function partsOf({ loss, picturesPerSecond, eta }: Progress): { loss: string; rate: string; left: string } {
  return {
    loss: loss === undefined ? '' : `loss ${decimal(loss)}`,
    rate: picturesPerSecond === undefined ? '' : `${threeDigits(picturesPerSecond)} pictures/s`,
    left: eta === undefined || eta < 0.5 ? '' : `${roughDuration(eta)} left`,
  }
}

/** `0.123`, `12.3`, `1230`. */
function threeDigits(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}

/** `epoch 3/60`, or nothing where there is one pass only. */
export function epochOf({ epoch, epochs }: Progress): string {
  return epochs > 1 ? `epoch ${epoch}/${epochs}` : ''
}

/** Completed fraction of the stage, 0 to 1. */
export function shareDone({ epoch, epochs, step, steps }: Progress): number {
  const all = epochs * steps
  return all === 0 ? 0 : ((Math.max(1, epoch) - 1) * steps + step) / all
}
