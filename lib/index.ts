/** The whole public API on one screen. */
export {
  coco2014,
  diagnose,
  evaluate,
  exportFolder,
  folder,
  generateMasks,
  readCamFile,
  readMask,
  readNpy,
  refineMask,
  reportRun,
  runDemo,
  trainSemPLeS,
  voc2012,
  writeMask,
  writeNpy,
  writeScenes,
} from './api.js'
export { SemplesError, type SemplesErrorDetails } from './base/error.js'
export type { Progress } from './base/progress.js'
export type { Dtype, TensorData, TensorMap } from './base/tensor.js'
export type { LabelOptions, LabelSource, Labels } from './cam/labels.js'
export type { RunConfig, StageName, TrainConfigInput } from './config/types.js'
export { coco2014Classes, coco2014Classes90 } from './datasets/classes/coco2014.js'
export { voc2012Classes } from './datasets/classes/voc2012.js'
export type { Coco2014Options } from './datasets/coco2014.js'
export type { ClassEntry, ClassTable, Dataset, DatasetItem } from './datasets/dataset.js'
export type { ExportFolderOptions, ExportFolderResult } from './datasets/exportFolder.js'
export type { FolderOptions } from './datasets/folder.js'
export type { Voc2012Options } from './datasets/voc2012.js'
export type { Evaluation } from './evaluate/evaluate.js'
export type { CamFile, CamFileOptions } from './formats/camFile/camFile.js'
export { type LabelMap, VOID_ID } from './masks/labelMap.js'
export type { RefineOptions } from './refine/options.js'
export type { BilateralTerm, CrfPreset, GaussianTerm } from './refine/presets.js'
export type { RefineMaskOptions } from './refine/refineMask.js'
export { refineMasks } from './refine/refineMasks.js'
export type {
  RefineDone,
  RefinedMask,
  RefineFolders,
  RefineInput,
  RefineInputs,
  RefineMasksOptions,
  RefineSummary,
} from './refine/types.js'
export type { DemoOptions, DemoResult } from './runs/demo.js'
export type { EvaluateOptions } from './runs/evaluate.js'
export type { GenerateMasksOptions, GenerateMasksResult } from './runs/generateMasks.js'
export type { ReportOptions, ReportResult } from './runs/report.js'
export type { RunResult, TrainOptions } from './runs/trainSemPLeS.js'
export { decode, encode, tokenize } from './text/tokenizer.js'
