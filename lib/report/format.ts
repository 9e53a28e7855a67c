/** A fraction as a percentage with one digit: `52.1%`; a dash where there is no number. */
export function percent(fraction: number): string {
  return Number.isFinite(fraction) ? `${(fraction * 100).toFixed(1)}%` : '–'
}

/** A difference of fractions in percentage points, with its sign: `+3.4`. */
export function points(difference: number): string {
  if (!Number.isFinite(difference)) return '–'
  const text = Math.abs(difference * 100).toFixed(1)
  return `${text === '0.0' ? '±' : difference < 0 ? '−' : '+'}${text}`
}

/** A number with a few significant digits: `0.0312`, `1.25e-5`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(Number(value.toPrecision(3)))
}

/** A signed number with so many digits after the point, with a minus sign that is as wide as a digit: `−0.05`. */
export function fixed(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/^-(?=.*[1-9])/, '−')
    .replace(/^-/, '')
}

/** Digits after the point that tell values of a range apart: two, more where all are close together. */
export function digitsFor(low: number, high: number): number {
  const range = high - low
  return range > 0 && range < 1 ? Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(range)))) : 2
}

/** Seconds as people say them: `48 s`, `3 min 20 s`, `2 h 05 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
}

/** A colour of a class table for CSS. */
export function cssColor([red, green, blue]: readonly [number, number, number]): string {
  return `rgb(${red} ${green} ${blue})`
}
