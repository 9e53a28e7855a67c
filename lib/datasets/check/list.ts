import type { DataFinding } from './types.js'

export function finding(level: DataFinding['level'], message: string, advice: string): DataFinding {
  return { level, message, advice }
}
