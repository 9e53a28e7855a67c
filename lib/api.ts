/**
 * The asynchronous part of the public API. Each function loads what it needs (sharp, zod, LibTorch) at its first call,
 * so that importing semples costs next to nothing. They are functions, not constants of a function's type: of such
 * constants editors show the documentation of the constant in one place and of the function in another.
 */
export { checkData, coco2014, exportFolder, folder, voc2012, writeScenes } from './api/datasets.js'
export { readCamFile, readMask, readNpy, writeMask, writeNpy } from './api/files.js'
export { inspectFile } from './api/inspect.js'
export { diagnose } from './api/machine.js'
export {
  checkVocSubmission,
  evaluate,
  exportMasks,
  generateMasks,
  refineMask,
  tuneRefinement,
  writeCocoResults,
  writeVocSubmission,
} from './api/masks.js'
export { loadRun, predictMasks } from './api/predict.js'
export { exportRun, planTraining, reportRun, runDemo, trainSemPLeS } from './api/runs.js'
export { trainSegmenter } from './api/segment.js'
