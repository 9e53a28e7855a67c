import type { DataFinding } from './types.js'

/** A list for people, cut off: `a, b, c and 7 more`. */
export function listed(items: readonly string[], most = 6): string {
  const more = items.length - most
  return more > 0 ? `${items.slice(0, most).join(', ')} and ${more} more` : items.join(', ')
}

export function finding(level: DataFinding['level'], message: string, advice: string): DataFinding {
  return { level, message, advice }
}
