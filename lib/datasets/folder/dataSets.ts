import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { isPictureName } from '../pictureNames.js'
import { isMaskFolderName, isPicturesFolderName } from './usualNames.js'

/** Files that make the folder in which they lie a data set, with `/` before them. */
const MARKS =
  /^(?:(.*)\/)?(?:labels\.(?:csv|tsv|json|jsonl)|cls_labels\.npy|scenes\.json|export\.json|_annotations\.coco\.json|annotations\/(?:instances_[^/]*\.json|list\.txt)|ImageSets\/[^/]+\/[^/]+\.txt)$/

/**
 * The folders among files that are data sets of their own: they hold a labels file, annotations, or pictures and masks.
 *
 * @param files paths with `/`
 * @returns the outermost ones, sorted; `''` is the folder that the paths begin in
 */
export function dataSetsWithin(files: readonly string[]): string[] {
  const found = new Set(files.filter((file) => MARKS.test(file)).map((file) => MARKS.exec(file)?.[1] ?? ''))
  // By folder: whether pictures lie in it as images/ and as masks/.
  const halves = new Map<string, { pictures?: true; masks?: true }>()
  for (const file of files) {
    if (!isPictureName(file)) continue
    const parts = file.split('/')
    for (let at = 0; at < parts.length - 1; at++) {
      const folder = parts.slice(0, at).join('/')
      const half = halves.get(folder) ?? {}
      halves.set(folder, half)
      if (isPicturesFolderName(parts[at]!)) half.pictures = true
      else if (isMaskFolderName(parts[at]!)) half.masks = true
    }
  }
  for (const [folder, { pictures, masks }] of halves) if (pictures && masks) found.add(folder)
  const all = [...found].sort()
  return all.filter(
    (folder) => !all.some((other) => other !== folder && (other === '' || folder.startsWith(`${other}/`))),
  )
}

/**
 * The data set that a folder is a part of: one folder up, or two from within `images/`; with what lies there and has the
 * labels.
 */
export function dataSetAbove(root: string): { folder: string; mark: string } | undefined {
  const above = path.dirname(root)
  const candidates = isPicturesFolderName(path.basename(above)) ? [above, path.dirname(above)] : [above]
  for (const folder of candidates) {
    const mark = folder === root ? undefined : markIn(folder)
    if (mark !== undefined) return { folder, mark }
  }
  return undefined
}

function markIn(folder: string): string | undefined {
  const has = (name: string) => existsSync(path.join(folder, name))
  const file = ['labels.csv', 'scenes.json', 'annotations/list.txt'].find(has)
  if (file !== undefined) return file
  if (has('ImageSets') && has('JPEGImages')) return 'ImageSets'
  const instances = namesIn(path.join(folder, 'annotations')).find((name) => /^instances_.*\.json$/.test(name))
  return instances === undefined ? undefined : `annotations/${instances}`
}

/** Files right in a folder that may say what its pictures show. */
function labelsFilesIn(files: readonly string[]): string[] {
  return files.filter((file) => {
    const { name, ext } = path.parse(file.toLowerCase())
    if (!/^\.(csv|tsv|txt|json|jsonl|npy|npz|pkl)$/.test(ext) || name === 'classes') return false
    return /label|class|klass|tag|annot/.test(name) || ext === '.csv' || ext === '.tsv'
  })
}

/** What to do about a labels file that lies there and was not named. */
export function giveLabels(files: readonly string[]): string | undefined {
  const [first] = labelsFilesIn(files)
  if (first === undefined) return undefined
  const table = /\.(npy|npz|pkl)$/i.test(first) ? ' (with --classes TABLE, which says what its columns are)' : ''
  return `${first} lies in it: if that is the labels file, give it, --labels ${first}${table}.`
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
