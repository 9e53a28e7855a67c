import path from 'node:path'
import { count } from '../../base/count.js'
import { isOtherPictureName } from '../pictureNames.js'

/** A sentence on pictures of formats that are not read, with their numbers by extension; none where there are none. */
export function otherFormats(root: string, files: readonly string[]): string[] {
  const others = files.filter(isOtherPictureName)
  if (others.length === 0) return []
  const numbers = new Map<string, number>()
  for (const file of others) {
    const extension = path.extname(file).toLowerCase()
    numbers.set(extension, (numbers.get(extension) ?? 0) + 1)
  }
  const kinds = [...numbers].sort().map(([extension, number]) => `${number} ${extension}`)
  return [
    `${count(others.length, 'file')} in ${root} ${others.length === 1 ? 'is' : 'are'} left out, because pictures of such a format are not read: ${kinds.join(', ')}; the first is ${others[0]}. Convert them to JPEG or PNG.`,
  ]
}

/** `1 picture stands`, `2 pictures stand`. */
export function picturesDo(number: number, verb: string): string {
  return `${count(number, 'picture')} ${number === 1 ? `${verb}s` : verb}`
}
