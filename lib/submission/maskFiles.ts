import { join, posix } from 'node:path'
import { count, listed } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { filesWithin } from '../datasets/pictures.js'

/** A picture and its mask. */
export interface MaskFile {
  id: string
  /** Path of the mask. */
  file: string
}

/**
 * The mask of each picture, `<id>.png`; of a picture in a folder also under its bare name, where no other picture has it.
 * Other files are passed over.
 *
 * @param of what names the pictures, in errors
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` for the folder, `SEMPLES_MASK_MISSING`
 */
export async function maskFiles(folder: string, ids: readonly string[], of: string): Promise<MaskFile[]> {
  const there = new Set(await filesWithin(folder))
  const bare = new Map<string, number>()
  for (const id of ids) bare.set(posix.basename(id), 1 + (bare.get(posix.basename(id)) ?? 0))
  const nameOf = (id: string): string | undefined => {
    const name = posix.basename(id)
    const names = bare.get(name) === 1 ? [id, name] : [id]
    return names.map((each) => `${each}.png`).find((each) => there.has(each))
  }
  const missing = ids.filter((id) => nameOf(id) === undefined)
  if (missing.length === 0) return ids.map((id) => ({ id, file: join(folder, nameOf(id)!) }))
  const names = missing.map((id) => `${id}.png`)
  const pngs = [...there].filter((name) => name.toLowerCase().endsWith('.png'))
  throw new SemplesError('SEMPLES_MASK_MISSING', {
    message:
      missing.length === ids.length
        ? `None of the ${count(ids.length, 'picture')} of ${of} has a mask in ${folder}, as ${names[0]}.`
        : `${missing.length} of the ${count(ids.length, 'picture')} of ${of} have no mask in ${folder}: ${listed(names, 3)}.`,
    file: join(folder, names[0]!),
    hint:
      missing.length === ids.length && pngs.length > 0
        ? `The folder has ${count(pngs.length, 'PNG')}, as ${pngs[0]}: masks must be named as the pictures are.`
        : 'A submission needs all of them: make them with npx semples masks --run RUN --data DIR --out MASKS.',
  })
}
