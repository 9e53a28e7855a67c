import { SemplesError } from '../../base/error.js'
import { shellWord } from '../../base/shell.js'
import { wheelPlatform } from '../../libtorch/platform.js'
import type { Facts } from '../facts.js'

/** Why no LibTorch is published for a system, with what to do; undefined where there is one. */
export function unsupported(platform: Facts['platform']): { text: string; remedy: string } | undefined {
  try {
    wheelPlatform(platform)
    return undefined
  } catch (error) {
    if (!(error instanceof SemplesError)) throw error
    const remedy = error.hint ?? ''
    const text = error.message.replace(remedy, '').trim().replace(/\.$/, '')
    return { text, remedy }
  }
}

/** A folder in which a user cache could lie, where that of the system cannot be written. */
export function otherCache({ writeAccess, cache }: Facts): string | undefined {
  if (writeAccess.find(({ place }) => place === 'cache')?.writable !== false) return undefined
  const writable = writeAccess.find(({ place, writable, folder }) => place !== 'cache' && writable && folder !== '/')
  if (writable === undefined || writable.folder === cache.folder) return undefined
  return `${writable.folder.replace(/\/$/, '')}/semples-cache`
}

/** What to type for a LibTorch in the user cache, which comes before that of python3; nothing where none is published. */
export function installCommands(facts: Facts, flags = ''): string[] {
  if (unsupported(facts.platform) !== undefined) return []
  const elsewhere = otherCache(facts)
  const install = `npx semples libtorch install${flags}`
  return elsewhere === undefined ? [install] : [`export SEMPLES_CACHE=${shellWord(elsewhere)}`, install]
}
