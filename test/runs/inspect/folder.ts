import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'
import { inspectFile } from '../../../lib/api.js'
import type { Inspection } from '../../../lib/runs/inspect/types.js'

/** A folder of files to inspect, removed after the tests. */
export function inspectionFolder() {
  const root = mkdtempSync(join(tmpdir(), 'semples-inspect-'))
  afterAll(() => rm(root, { recursive: true, force: true }))
  const at = (name: string) => join(root, name)
  return {
    root,
    at,
    write(name: string, content: string | Uint8Array): string {
      writeFileSync(at(name), content)
      return at(name)
    },
  }
}

/** The texts of facts by name; lines without a name go on with the fact before. */
export async function factsOf(path: string): Promise<Record<string, string> & { found: Inspection }> {
  const found = await inspectFile(path)
  const facts: Record<string, string> = {}
  let last = ''
  for (const { name, text } of found.facts) {
    last = name === '' ? last : name
    facts[last] = name === '' ? `${facts[last]}\n${text}` : text
  }
  return Object.assign(facts, { found })
}
