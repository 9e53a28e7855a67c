import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What a server says of the version of a file, kept beside a part of it, so that only that version is continued. */
const placeFor = (file: string): string => join(dirname(file), '.version')

/** A strong ETag, else Last-Modified: what If-Range takes (RFC 9110, 13.1.5). */
export function validatorOf(headers: { get(name: string): string | null }): string | undefined {
  const tag = headers.get('etag')
  return (tag?.startsWith('"') ? tag : headers.get('last-modified')) ?? undefined
}

/** That of the part of a file on disk. */
export function keptValidator(file: string): string | undefined {
  try {
    return readFileSync(placeFor(file), 'utf8') || undefined
  } catch {
    return undefined
  }
}

/** Keeps it for a file that begins anew. */
export async function keepValidator(file: string, validator: string | undefined): Promise<void> {
  if (validator === undefined) await rm(placeFor(file), { force: true })
  else await writeFile(placeFor(file), validator)
}
