import type { Terminal } from './terminal.js'

/** A result for programs: one line of JSON, the last of standard output. Numbers that are not finite are null. */
export function printJson(terminal: Pick<Terminal, 'out'>, result: unknown): void {
  terminal.out(JSON.stringify(result, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
}
