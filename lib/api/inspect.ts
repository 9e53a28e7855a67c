import type { Inspection } from '../runs/inspect/types.js'

/**
 * Says what any file or folder is, by its content and not by its name, and what semples does with it: weights of networks,
 * runs, score maps, masks, labels, pictures, data, and what semples writes besides. Nothing in a file is executed; of
 * weights names and shapes are read, not the numbers. Works without addon and LibTorch. `semples inspect` prints it.
 *
 * @param path a file or a folder
 * @returns `what` it is in a few words, `facts` for people, and the same as data by kind (`weights`, `run`, `maps`,
 *   `mask`, `labels`); `refused` where semples knows it and has no use for it
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`; `SEMPLES_FILE_UNKNOWN` for a file of no kind that semples has a use for;
 *   for a damaged or refused file what its reader throws (`SEMPLES_CHECKPOINT_INVALID`, `SEMPLES_PICKLE_REFUSED`,
 *   `SEMPLES_CAM_INVALID`, `SEMPLES_DATA_FILE_INVALID`, `SEMPLES_RUN_INVALID` and others)
 * @example
 * import { inspectFile } from 'semples'
 *
 * const { kind, what, mask } = await inspectFile('masks/harbour.png')
 * console.log(kind, what) // mask a mask: its pixel values are class ids
 * const [first] = mask?.ids ?? []
 * console.log(`${first?.label}: ${Math.round(100 * (first?.share ?? 0))} %`) // e.g. background: 81 %
 */
export async function inspectFile(path: string): Promise<Inspection> {
  return (await import('../runs/inspect/inspectFile.js')).inspectFile(path)
}
