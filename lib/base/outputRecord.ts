import { readFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'

/** What a JSON file in an output folder says of how the other files were made; undefined where it says nothing. */
export async function readRecord(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/**
 * The first field in which a record differs from the settings of now; undefined where none does. Fields of the record
 * that are no settings do not count.
 */
export function differingField(
  record: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>>,
): string | undefined {
  const plain = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>
  return Object.keys(settings).find((field) => !isDeepStrictEqual(record[field], plain[field]))
}

/** Maximum number of characters of a value in a sentence. */
const MAX_VALUE = 80

/** `threshold was 0.45 and is 0.4`, of the settings in a record and those of now. */
export function describeDifference(
  field: string,
  record: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>>,
): string {
  return `${field} was ${shown(record[field])} and is ${shown(settings[field])}`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'not given'
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}...` : text
}
