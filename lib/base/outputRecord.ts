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
