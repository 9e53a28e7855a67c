import { percent } from '../format.js'

/** A share as a number over a small bar; a dash where there is none. */
export function Bar({ value, style = '' }: { value: number; style?: string }) {
  if (!Number.isFinite(value))
    return (
      <span class="none" title="not in these pictures">
        –
      </span>
    )
  return (
    <span class={`bar ${style}`} style={`--value:${(Math.min(1, Math.max(0, value)) * 100).toFixed(1)}%`}>
      {percent(value)}
    </span>
  )
}
