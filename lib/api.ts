/**
 * The asynchronous part of the public API. Each function loads what it needs (sharp, zod, LibTorch) at its first call,
 * so that importing semples costs next to nothing.
 */

type Asynchronous = (...parameters: never[]) => Promise<unknown>

function lazy<F extends Asynchronous>(load: () => Promise<F>): F {
  return (async (...parameters: Parameters<F>) => (await load())(...parameters)) as F
}

/** Trains the SemPLeS stages on pictures with image-level labels. */
export const trainSemPLeS = lazy(async () => (await import('./runs/trainSemPLeS.js')).trainSemPLeS)

/** Multi-scale + flip CAMs of every picture, thresholded into palette PNGs whose pixel values are class ids. */
export const generateMasks = lazy(async () => (await import('./runs/generateMasks.js')).generateMasks)

/** One mask refined by dense CRF or PAMR: from score maps or labels of any method. */
export const refineMask = lazy(async () => (await import('./refine/refineMask.js')).refineMask)

/** Mean IoU, per-class IoU, precision and recall of masks, or of CAMs at a sweep of background thresholds. */
export const evaluate = lazy(async () => (await import('./runs/evaluate.js')).evaluate)

/** One self-contained HTML file about a run: curves, pictures with maps and masks, prompts with their nearest words. */
export const reportRun = lazy(async () => (await import('./runs/report.js')).reportRun)

/** COCO 2014: instances JSON and pictures. */
export const coco2014 = lazy(async () => (await import('./datasets/coco2014.js')).coco2014)

/** VOC 2012. */
export const voc2012 = lazy(async () => (await import('./datasets/voc2012.js')).voc2012)

/** A folder of one's own pictures with a labels file or one sub-folder a class. */
export const folder = lazy(async () => (await import('./datasets/folder.js')).folder)

/** Generated scenes with exact masks, written as a VOC 2012 data set that is also a plain folder. */
export const writeScenes = lazy(async () => (await import('./scenes/write.js')).writeScenes)

/** Any data set written as a plain folder: pictures, labels.csv, classes.json and masks. */
export const exportFolder = lazy(async () => (await import('./datasets/exportFolder.js')).exportFolder)

/** The whole method on drawn scenes, in minutes: pictures, all stages, an ablation, a report. */
export const runDemo = lazy(async () => (await import('./runs/demo.js')).runDemo)

/** A mask from a PNG: pixel values are class ids. */
export const readMask = lazy(async () => (await import('./masks/png.js')).readMask)

/** A mask as a palette PNG, written atomically. */
export const writeMask = lazy(async () => (await import('./masks/png.js')).writeMask)

/** CAMs or score maps with their classes, from the files of semples and of other programs (.npy, .npz, pickles); nothing in them is executed. */
export const readCamFile = lazy(async () => (await import('./formats/camFile/camFile.js')).readCamFile)

/** A numeric array from a NumPy .npy file. */
export const readNpy = lazy(async () => (await import('./formats/npy.js')).readNpy)

/** A numeric array as a NumPy .npy file, written atomically. */
export const writeNpy = lazy(async () => (await import('./formats/npy.js')).writeNpy)

/** Facts about addon, LibTorch and devices, and what is wrong with them. */
export const diagnose = lazy(async () => (await import('./native/diagnose.js')).diagnose)
