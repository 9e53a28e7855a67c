import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { count, listed } from '../base/count.js'
import { SemplesError } from '../base/error.js'
import { folderNames } from '../datasets/pictures.js'
import { fileNamed } from '../datasets/predictions/camFiles.js'
import { CAM_EXTENSIONS } from '../formats/camFile/classMaps.js'
import type { TruthPicture } from './groundTruth.js'

/** The error for a picture that has ground truth and no mask: of how many that is so, and what to do. */
export async function maskMissing(
  masks: string,
  { id }: TruthPicture,
  pictures: readonly TruthPicture[],
  where: string,
): Promise<SemplesError> {
  const there: boolean[] = []
  for (const picture of pictures) there.push((await fileNamed(masks, `${picture.id}.png`)) !== undefined)
  const found = there.filter(Boolean).length
  const made = await madeOf(masks)
  const message =
    found === 0
      ? `None of the ${count(pictures.length, 'picture')} of ${where} has a mask in ${masks}, as ${id}.png.`
      : `${there.length - found} of the ${count(there.length, 'picture')} of ${where} have no mask in ${masks}; the first with ground truth is ${id}.`
  return new SemplesError('SEMPLES_MASK_MISSING', {
    message,
    file: join(masks, `${id}.png`),
    hint: made ?? (found === 0 ? await whatIsThere(masks) : SOME),
  })
}

type OnlyIn = Readonly<Record<'onlyInMasks' | 'onlyInAgainst', readonly string[]>>

/** The error for two folders of masks that share no picture with ground truth. */
export async function nothingInCommon(
  masks: string,
  against: string,
  { onlyInMasks, onlyInAgainst }: OnlyIn,
): Promise<SemplesError> {
  const lacking = onlyInAgainst.length === 0 ? against : masks
  return new SemplesError('SEMPLES_MASK_MISSING', {
    message: `No picture with ground truth has a mask in both ${masks} (${onlyInMasks.length} of them) and ${against} (${onlyInAgainst.length}): there is nothing to compare.`,
    file: lacking,
    expected: 'masks of the same pictures under the same names',
    hint: await whatIsThere(lacking),
  })
}

/** Names the pictures that only one of two folders has. */
export function leftOutWarnings(masks: string, against: string, { onlyInMasks, onlyInAgainst }: OnlyIn): string[] {
  const of = (ids: readonly string[], has: string, lacks: string) =>
    ids.length === 0
      ? []
      : [
          `${count(ids.length, 'picture')} with a mask in ${has} and none in ${lacks}, left out of all scores: ${listed(ids)}.`,
        ]
  return [...of(onlyInMasks, masks, against), ...of(onlyInAgainst, against, masks)]
}

const SOME =
  'Make the masks of all pictures first; or evaluate those of some: give their names (ids, --list FILE with one a line), or the pictures that the masks were made of (groundTruth, --data DIR).'

/** What masks.json says that the masks are of. */
async function madeOf(folder: string): Promise<string | undefined> {
  try {
    const { of, split } = JSON.parse(await readFile(join(folder, 'masks.json'), 'utf8')) as Record<string, unknown>
    if (typeof of !== 'string') return undefined
    if (split !== 'train' && split !== 'val') return `By masks.json these are masks of ${of}. ${SOME}`
    return `By masks.json these are masks of the pictures to ${split === 'val' ? 'evaluate' : 'train'} on, of ${of}: evaluate on those (split: '${split}', --split ${split}). ${SOME}`
  } catch {
    return undefined
  }
}

/** What is in a folder that has none of the masks. */
async function whatIsThere(folder: string): Promise<string> {
  const names = await folderNames(folder)
  if (names === undefined) return `There is no folder ${folder}.`
  if (names.length === 0) return 'The folder is empty.'
  const masks = names.filter((name) => name.endsWith('.png'))
  if (masks.length > 0)
    return `The folder has ${count(masks.length, 'PNG')}, as ${masks[0]}: masks must be named as their pictures. ${SOME}`
  const maps = names.filter((name) => (CAM_EXTENSIONS as readonly string[]).includes(extname(name)))
  return maps.length > 0
    ? `The folder has no PNG, but ${count(maps.length, `${extname(maps[0]!)} file`)}: class activation maps are judged by cams (--cams DIR).`
    : `The folder has no PNG; it has ${listed(names, 3)}.`
}
