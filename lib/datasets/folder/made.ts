import path from 'node:path'
import { LIST, madeNames } from '../../base/outputs.js'

/** Files that say that all beside them and within was written by semples: a run, drawn scenes, an exported data set. */
const WHOLE = ['run.json', 'scenes.json', 'export.json']
/** Files that say it of PNGs and maps beside them; folders of today also list their files. */
const SUMMARIES = ['masks.json', 'refine.json']

/** What semples wrote into a folder. */
export interface Made {
  /** Ends a sentence that begins with the folder; undefined where nothing was written. */
  because?: string
  /** Everything in the folder and within. */
  whole: boolean
  /** Paths inside the folder that its list names. */
  listed: readonly string[]
  isMade(name: string): boolean
}

/**
 * @param names what is in the folder, hidden files too
 * @param isRoot the folder is the data set itself: then its marks do not count, only the list of what was made
 */
export async function madeBySemples(folder: string, names: readonly string[], isRoot: boolean): Promise<Made> {
  const listed = names.includes(LIST) ? await madeNames(folder) : []
  const isListed = new Set(listed)
  const whole = isRoot ? undefined : WHOLE.find((name) => names.includes(name))
  const summary = isRoot ? undefined : SUMMARIES.find((name) => names.includes(name))
  const mark = whole ?? summary ?? (listed.some((name) => path.extname(name) === '.png') ? LIST : undefined)
  return {
    because: mark === undefined ? undefined : `holds what semples wrote (${mark})`,
    whole: whole !== undefined,
    listed,
    isMade: (name) =>
      whole !== undefined || isListed.has(name) || (summary !== undefined && /\.(png|npy|npz|json)$/i.test(name)),
  }
}
