import type { Evaluation } from '../evaluate/evaluate.js'
import { withLogger } from '../native/logger.js'
import type { RefineMaskOptions } from '../refine/refineMask.js'
import type { RefinedMask } from '../refine/types.js'
import type { ExportMasksOptions, ExportMasksResult } from '../runs/annotations/options.js'
import type { EvaluateOptions } from '../runs/evaluate.js'
import type { GenerateMasksOptions, GenerateMasksResult } from '../runs/generateMasks.js'
import type { TuneRefinementOptions, TuneResult } from '../runs/tuneRefinement.js'
import type {
  CheckVocSubmissionOptions,
  CocoResults,
  CocoResultsOptions,
  VocSubmission,
  VocSubmissionCheck,
  VocSubmissionOptions,
} from '../submission/types.js'

/**
 * Multi-scale + flip CAMs of every picture, thresholded into palette PNGs whose pixel values are class ids. Which classes
 * a mask may hold is told by the picture's image-level labels: those of the data, those given in the call, or those that
 * the generator predicts. Without `data` the pictures are those of the run.
 *
 * @throws SemplesError for a missing run, other classes, unknown labels, unreadable pictures, a full disk;
 *   `SEMPLES_OUTPUT_EXISTS` where a file of `out` would be written over that no earlier call made
 * @example
 * import { generateMasks } from 'semples'
 *
 * const { pictures, stage } = await generateMasks({ run: 'runs/boats', out: 'masks' })
 * console.log(`${pictures} masks of stage ${stage}`) // e.g. 1464 masks of stage guide
 *
 * // Other pictures, without labels: the generator predicts which classes are in them.
 * const data = { folder: 'new-photos' }
 * await generateMasks({ run: 'runs/boats', data, labels: 'predicted', out: 'new-masks' })
 *
 * // Which masks to look at first: docs/review.md.
 * const { review } = await generateMasks({ run: 'runs/boats', out: 'masks', review: true })
 * const [first] = review?.rows ?? []
 * console.log(`${first?.picture}: ${first?.score}`) // e.g. harbour.jpg: 0.31
 */
export async function generateMasks({ logger, ...options }: GenerateMasksOptions): Promise<GenerateMasksResult> {
  const { generateMasks: generate } = await import('../runs/generateMasks.js')
  return withLogger(logger, () => generate(options))
}

/**
 * Refines the mask of one picture: dense CRF (Krähenbühl and Koltun 2011) or PAMR (Araslanov and Roth 2020) over score
 * maps or labels of any method.
 *
 * @param options the picture, its scores [C, H, W] or labels [H, W], and settings; without settings those with which
 *   SemPLeS and WeakTr make their VOC 2012 masks
 * @returns class ids of the picture's size
 * @throws SemplesError `SEMPLES_REFINE_INPUT`, `SEMPLES_CONFIG_INVALID`, `SEMPLES_IMAGE_UNREADABLE`,
 *   `SEMPLES_ARGUMENT_INVALID` (NaN or infinite scores), `SEMPLES_MEMORY_LIMIT` with the need,
 *   `SEMPLES_DEVICE_UNAVAILABLE`; the reason of `signal`
 * @example
 * import { refineMask, writeMask } from 'semples'
 *
 * // A file that says which class each map is of; maps of another network in memory are [C, H, W] with `classes`.
 * const { mask, classes } = await refineMask({ image: 'photos/harbour.jpg', scores: 'cams/harbour.npz' })
 * await writeMask('harbour.png', mask)
 * console.log(`${mask.width} x ${mask.height}, classes ${classes.join(' ')}`) // e.g. 500 x 375, classes 0 1 3
 */
export async function refineMask({ logger, ...options }: RefineMaskOptions): Promise<RefinedMask> {
  const { refineMask: refine } = await import('../refine/refineMask.js')
  return withLogger(logger, () => refine(options))
}

/**
 * Searches settings of the dense CRF on pictures that have ground truth: the presets, then settings drawn at random. They
 * are chosen on one half of the pictures and judged on the other. Options that are given stay as they are; writes nothing.
 *
 * @returns mean IoU of all settings on the tuning half, best first, with the options to give to `refineMasks`; that of the
 *   best and of the preset on the held-out half; `warnings`, such as too few pictures or no gain
 * @throws SemplesError `SEMPLES_CONFIG_INVALID`, `SEMPLES_NO_MASKS` (fewer than two pictures have ground truth),
 *   `SEMPLES_MASK_SIZE`, `SEMPLES_MASK_CLASS`, and what reading the folders throws; the reason of `signal`
 * @example
 * import { refineMasks, tuneRefinement } from 'semples'
 *
 * const folders = { images: 'photos', cams: 'cams' }
 * const tuned = await tuneRefinement({ ...folders, groundTruth: 'truth', settings: 40 })
 * const { best, gain, heldOut, warnings } = tuned
 * console.log(`${(100 * gain).toFixed(1)} points on ${heldOut.length} pictures`) // e.g. 1.3 points on 30 pictures
 * for (const warning of warnings) console.warn(warning)
 * await refineMasks({ ...folders, out: 'tuned', ...best.options }).finished
 */
export async function tuneRefinement({ logger, ...options }: TuneRefinementOptions): Promise<TuneResult> {
  const { tuneRefinement: tune } = await import('../runs/tuneRefinement.js')
  return withLogger(logger, () => tune(options))
}

/**
 * Compares masks, or CAMs at a sweep of background thresholds, with ground truth: mean IoU over the classes and the
 * background, per-class IoU, precision and recall; void pixels (255) are ignored. Needs no addon.
 *
 * Of `masks` also, where asked for: boundary IoU (`boundary`), which classes are taken for which and found where they are not
 * (`confusions`), 95 % bootstrap intervals (`bootstrap`), and the difference from other masks (`against`). docs/evaluate.md
 * says what each counts.
 *
 * @returns scores as fractions from 0 to 1; NaN for a class that is in neither ground truth nor masks; `warnings`: what makes
 *   the scores doubtful, such as classes that masks and ground truth do not share, and pictures that only one folder has
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` (options that contradict each other), `SEMPLES_NO_MASKS` (no picture with
 *   ground truth), `SEMPLES_MASK_MISSING` (masks or maps), `SEMPLES_MASK_SIZE`, `SEMPLES_MASK_CLASS` naming the files, and
 *   what reading a mask or a file of maps throws
 * @example
 * import { evaluate } from 'semples'
 *
 * const truth = { groundTruth: 'truth', classes: 'runs/boats/classes.json' }
 * const { miou, perClass } = await evaluate({ masks: 'masks', ...truth })
 * console.log(`mean IoU ${miou.toFixed(3)}`) // e.g. mean IoU 0.628
 * for (const { label, iou } of perClass) console.log(label, iou.toFixed(3)) // e.g. background 0.871
 *
 * const { best } = await evaluate({ cams: 'cams', ...truth }) // at every background threshold
 * console.log(best) // e.g. { threshold: 0.45, miou: 0.628 }
 *
 * const { bootstrap } = await evaluate({ masks: 'masks', ...truth, bootstrap: true })
 * console.log(bootstrap?.miou) // e.g. { low: 0.607, high: 0.649 }
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  return (await import('../runs/evaluate.js')).evaluate(options)
}

/**
 * Writes masks as the archive that the evaluation server of PASCAL VOC 2012 takes for the segmentation task: a gzipped tar with
 * `results/VOC2012/Segmentation/<competition>_<set>_cls/<id>.png` for every id of the list and nothing else, indexed PNGs of
 * 8 bit with the palette of VOC, values 0 (background) to 20. Other masks of the folder are passed over. The archive appears
 * whole or not at all, the same masks give the same bytes, and a few masks are in memory at a time. Needs no addon.
 *
 * @returns where the archive and the masks in it are, and how many void pixels became background
 * @throws SemplesError `SEMPLES_OPTION_INVALID`, `SEMPLES_OUTPUT_EXISTS`, `SEMPLES_DATA_FILE_INVALID` (the list),
 *   `SEMPLES_CLASSES_DIFFER` (the masks.json of the masks has other class ids), `SEMPLES_MASK_MISSING`, `SEMPLES_MASK_CLASS`
 *   (a value above 20; 255 unless `void` is `background`), `SEMPLES_MASK_SIZE`, `SEMPLES_PICTURE_MISSING`,
 *   `SEMPLES_IMAGE_UNREADABLE`, `SEMPLES_NAME_INVALID`, `SEMPLES_WRITE_FAILED`, and what reading a mask throws; the reason of `signal`
 * @example
 * import { writeVocSubmission } from 'semples'
 *
 * const voc = 'VOCdevkit/VOC2012'
 * const list = `${voc}/ImageSets/Segmentation/val.txt`
 * const masks = `${voc}/SegmentationClass`
 * const { folder, pictures } = await writeVocSubmission({ masks, list, void: 'background', out: 'results.tgz' })
 * console.log(folder) // results/VOC2012/Segmentation/comp6_val_cls
 * console.log(`${pictures} masks`) // e.g. 1449 masks
 */
export async function writeVocSubmission(options: VocSubmissionOptions): Promise<VocSubmission> {
  return (await import('../submission/voc/writeVoc.js')).writeVocSubmission(options)
}

/**
 * Says what is wrong with an archive for the evaluation server of PASCAL VOC 2012, whatever program made it: another kind of
 * file, damage, folders and names, missing and additional pictures, PNGs that are not indexed or have another palette, values
 * above 20, sizes. The archive is read and never unpacked; what is wrong is in the findings, not an error.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_OPTION_INVALID`, `SEMPLES_DATA_FILE_INVALID` (the list),
 *   `SEMPLES_PICTURE_MISSING`, `SEMPLES_IMAGE_UNREADABLE`; the reason of `signal`
 * @example
 * import { checkVocSubmission, writeVocSubmission } from 'semples'
 *
 * const list = 'VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt'
 * const masks = 'VOCdevkit/VOC2012/SegmentationClass'
 * await writeVocSubmission({ masks, list, void: 'background', out: 'results.tgz' })
 * const { canSubmit, findings } = await checkVocSubmission('results.tgz', { list })
 * console.log(canSubmit, findings.length) // true 0
 */
export async function checkVocSubmission(
  archive: string,
  options: CheckVocSubmissionOptions,
): Promise<VocSubmissionCheck> {
  return (await import('../submission/voc/checkVoc.js')).checkVocSubmission(archive, options)
}

/**
 * Writes masks as a results file of COCO, which pycocotools loads (`coco.loadRes(out)`): a JSON list with one entry a class and
 * picture, `{ image_id, category_id, segmentation: { size: [height, width], counts }, score }`; `counts` is COCO's compressed
 * run-length encoding. The background and void pixels (255) have no entry. The file appears whole or not at all. Needs no addon.
 *
 * @throws SemplesError `SEMPLES_OPTION_INVALID` (nothing says which pictures, or which classes), `SEMPLES_OUTPUT_EXISTS`,
 *   `SEMPLES_DATA_FILE_INVALID` (JSON, list, scores), `SEMPLES_CLASSES_DIFFER` (a class that is no category), `SEMPLES_MASK_MISSING`,
 *   `SEMPLES_MASK_CLASS`, `SEMPLES_MASK_SIZE`, `SEMPLES_WRITE_FAILED`, and what reading a mask or a class table throws; the reason of `signal`
 * @example
 * import { writeFile } from 'node:fs/promises'
 * import { writeCocoResults } from 'semples'
 *
 * await writeFile('list.txt', 'harbour\nquay\n')
 * const classes = 'runs/boats/classes.json'
 * const { entries, categories } = await writeCocoResults({ masks: 'masks', list: 'list.txt', classes, out: 'results.json' })
 * console.log(`${entries} entries`) // e.g. 3 entries
 * console.log(categories) // e.g. { bird: 1, person: 3 }
 */
export async function writeCocoResults(options: CocoResultsOptions): Promise<CocoResults> {
  return (await import('../submission/coco/writeCoco.js')).writeCocoResults(options)
}

/**
 * Writes masks as pre-annotations for programs in which people correct them: COCO instances, LabelMe, or "CVAT for images
 * 1.1". Each connected part of a class (pixels that touch by a side or a corner) is one object; background (0) and void (255)
 * are none. Corners of polygons lie on the corners of pixels. Masks are read one after the other, so a folder may be of any
 * size; a mask that cannot be written is told in `failed`, and the others are written. Needs no addon.
 *
 * @returns counts: `pictures`, `objects`, `small` (parts left out for `minArea`), `withoutMask`, `kept`
 * @throws SemplesError `SEMPLES_OPTION_INVALID` (also where nothing says what the pixel values are), `SEMPLES_OUTPUT_EXISTS`
 *   (nothing is written over: people may have corrected it), `SEMPLES_NO_PICTURES`, `SEMPLES_PICTURE_MISSING`, and where no
 *   mask can be written the error of the first: `SEMPLES_MASK_SIZE`, `SEMPLES_MASK_CLASS`, `SEMPLES_MASK_INVALID`;
 *   `SEMPLES_WRITE_FAILED`; the reason of `signal`
 * @example
 * import { exportMasks } from 'semples'
 *
 * const folders = { masks: 'masks', images: 'photos', classes: 'runs/boats/classes.json' }
 * const { pictures, objects } = await exportMasks({ ...folders, format: 'cvat', out: 'boats.xml' })
 * console.log(`${objects} objects in ${pictures} pictures`) // e.g. 2120 objects in 1464 pictures
 *
 * // For training programs: run lengths, exact to the pixel, and no specks.
 * await exportMasks({ ...folders, format: 'coco', shapes: 'masks', minArea: 20, out: 'boats.json' })
 */
export async function exportMasks(options: ExportMasksOptions): Promise<ExportMasksResult> {
  return (await import('../runs/annotations/exportMasks.js')).exportMasks(options)
}
