import type { CheckDataOptions, DataCheck } from '../datasets/check/types.js'
import type { Coco2014Options } from '../datasets/coco2014.js'
import type { Dataset } from '../datasets/dataset.js'
import type { ExportFolderOptions, ExportFolderResult } from '../datasets/exportFolder.js'
import type { FolderOptions } from '../datasets/folder.js'
import type { Voc2012Options } from '../datasets/voc2012.js'
import type { WriteScenesOptions } from '../scenes/write.js'

/**
 * COCO 2014: pictures in the order of the annotation file (or of `list`), image-level labels = the categories of
 * their annotations, ids = file names without extension. Masks are drawn from the instances, the largest first, so
 * that small objects in front of large ones stay visible; the annotation file must stay where it is.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` (no such file or folder), `SEMPLES_DATA_FILE_INVALID` (not a COCO 2014
 *   file; `list` names a picture that the annotations do not), `SEMPLES_PICTURE_MISSING`
 * @example
 * import { coco2014 } from 'semples'
 *
 * const { name, items, classes } = await coco2014({ root: 'coco', split: 'val2014' })
 * console.log(`${name}: ${items.length} pictures`) // e.g. coco2014 val2014: 40504 pictures
 * console.log(items[0].labels.map((index) => classes.classes[index].label).join(', ')) // e.g. person, cat
 */
export async function coco2014(options: Coco2014Options): Promise<Dataset> {
  return (await import('../datasets/coco2014.js')).coco2014(options)
}

/**
 * PASCAL VOC 2012. Image-level labels are the names of the objects in `Annotations/<id>.xml`, `difficult` ones
 * included: they are in the picture, and in its mask. Masks are opened by evaluation alone.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` (no such folder), `SEMPLES_SPLIT_MISSING` (no such list),
 *   `SEMPLES_DATA_FILE_INVALID` (a broken list or XML file), `SEMPLES_PICTURE_MISSING`, `SEMPLES_CLASS_UNKNOWN`,
 *   `SEMPLES_NO_LABELS` (neither an XML file nor a row of `labels`)
 * @example
 * import { voc2012 } from 'semples'
 *
 * const { name, items, classes, mask } = await voc2012({ root: 'VOCdevkit/VOC2012', split: 'train' })
 * console.log(`${name}: ${items.length} pictures`) // e.g. voc2012 train: 1464 pictures
 * console.log(items[0].labels.map((index) => classes.classes[index].label).join(', ')) // e.g. train
 * console.log((await mask(items[0]))?.width) // e.g. 500
 */
export async function voc2012(options: Voc2012Options): Promise<Dataset> {
  return (await import('../datasets/voc2012.js')).voc2012(options)
}

/**
 * A folder of one's own pictures, labelled by a file (`labels`) or by one sub-folder a class. Without a classes.json
 * the classes are the labels in alphabetical order with ids from 1. Item ids are paths inside the folder without
 * extension (with it, where two pictures differ in nothing else). EXIF orientation is applied.
 * `warnings` counts what was left out, `described` says what the labels were taken for. Folders of what semples wrote, and
 * of masks, are no classes.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` (no such file or folder), `SEMPLES_PICTURE_MISSING` (the labels file names
 *   absent pictures), `SEMPLES_DATA_FILE_INVALID` (labels or classes; over 254 classes), `SEMPLES_CLASS_UNKNOWN` (not in
 *   classes.json), `SEMPLES_NO_LABELS` (no labelled picture at all, or folders that look like pictures and masks),
 *   `SEMPLES_ARGUMENT_INVALID`; of pickled labels `SEMPLES_PICKLE_INVALID`, `SEMPLES_PICKLE_REFUSED`
 * @example
 * import { folder } from 'semples'
 *
 * const { items, classes } = await folder({ folder: 'photos', labels: 'labels.csv' }) // rows: canal.jpg,bird;boat
 * console.log(`${items.length} pictures`) // e.g. 1464 pictures
 * console.log(classes.classes.map(({ id, label }) => `${id} ${label}`).join(', ')) // 1 bird, 2 boat, 3 person
 * console.log(items[0].id, items[0].labels) // e.g. canal [ 0 ]
 */
export async function folder(options: FolderOptions): Promise<Dataset> {
  return (await import('../datasets/folder.js')).folder(options)
}

/**
 * Says what data are taken for and what is wrong with them, before anything is trained: kind and labels, pictures of each
 * class, pictures without labels, masks, sizes, files of the same content, and files that cannot be read. Every picture is
 * decoded, and every mask is opened. `findings` holds sentences with what to do; data that cannot be opened are a finding
 * of the level `stop`, not an error.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE` (no such folder), `SEMPLES_CONFIG_INVALID` (no such kind of data),
 *   `SEMPLES_OPTION_INVALID`, `SEMPLES_ARGUMENT_INVALID`; the reason of `signal`
 * @example
 * import { checkData } from 'semples'
 *
 * const { canTrain, labels, classes, findings } = await checkData({ data: 'photos', labels: 'labels.csv' })
 * console.log(canTrain, labels) // e.g. true labels.csv: header file,labels, 391 pictures, 14 classes
 * console.log(classes.map(({ label, pictures }) => `${label} ${pictures}`).join(', ')) // e.g. bird 34, boat 80, person 9
 * // each is { level: 'stop', 'warning' or 'note', message, advice }
 * console.log(`${findings.length} findings`) // e.g. 3 findings
 */
export async function checkData(options: CheckDataOptions): Promise<DataCheck> {
  return (await import('../datasets/check/checkData.js')).checkData(options)
}

/**
 * Writes generated scenes with exact masks as a data set that opens as PASCAL VOC 2012 and as a plain folder:
 *
 *     JPEGImages/train_00000.jpg      SegmentationClass/train_00000.png (indexed, VOC ids and palette)
 *     Annotations/train_00000.xml     ImageSets/Segmentation/{train,val}.txt
 *     train.csv val.csv (file,labels) classes.json  captions.jsonl  scenes.json (how it was made)
 *
 * The folder appears complete or not at all.
 *
 * @returns `reused`: the folder held these scenes already and was left alone
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` when `out` holds something else, `SEMPLES_CONFIG_INVALID`,
 *   `SEMPLES_WRITE_FAILED`; the signal's reason when aborted
 * @example
 * import { voc2012, writeScenes } from 'semples'
 *
 * await writeScenes({ out: 'scenes', train: 12, val: 4, seed: 7 })
 * const { items } = await voc2012({ root: 'scenes', split: 'train' })
 * console.log(items.length, items[0].id) // 12 train_00000
 */
export async function writeScenes(options: WriteScenesOptions): Promise<{ reused: boolean }> {
  return (await import('../scenes/write.js')).writeScenes(options)
}

/**
 * Writes a data set as a plain folder, which `folder` (and `--data OUT`) reads back with the same ids, labels, classes
 * and masks, in the same order:
 *
 *     images/<id>.jpg    the pictures, byte for byte
 *     masks/<id>.png     ground truth as palette PNGs; only where the data set has any
 *     classes.json       class table
 *     export.json        what it was made from
 *     labels.csv         file,labels with labels joined by `;`; written last, so where it is, all is
 *
 * Where annotations ignore the EXIF orientation (VOC 2012, COCO 2014), a picture that has one loses its EXIF block,
 * since folders are shown as viewers show them. Each file is written whole or not at all, and an export that was
 * interrupted goes on where it stopped. What was changed in the folder since is not written over.
 *
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` (`out` holds something else), `SEMPLES_NAME_INVALID` (an id or label that
 *   a folder cannot hold), `SEMPLES_WRITE_FAILED`, and what opening the data throws; the reason of `signal`
 * @example
 * import { exportFolder, folder } from 'semples'
 *
 * const { data, pictures, masks } = await exportFolder({ data: { coco2014: 'coco' }, split: 'val', out: 'coco-val' })
 * console.log(`${pictures} pictures, ${masks} masks`) // e.g. 40504 pictures, 40504 masks
 * const { classes } = await folder(data)
 * console.log(classes.classes.length) // 80
 */
export async function exportFolder(options: ExportFolderOptions): Promise<ExportFolderResult> {
  return (await import('../datasets/exportFolder.js')).exportFolder(options)
}
