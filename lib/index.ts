/** The whole public API on one screen. */
export {
  checkData,
  checkVocSubmission,
  coco2014,
  diagnose,
  evaluate,
  exportFolder,
  exportMasks,
  exportRun,
  folder,
  generateMasks,
  inspectFile,
  loadRun,
  planTraining,
  predictMasks,
  readCamFile,
  readMask,
  readNpy,
  refineMask,
  reportRun,
  runDemo,
  trainSegmenter,
  trainSemPLeS,
  tuneRefinement,
  voc2012,
  writeCocoResults,
  writeMask,
  writeNpy,
  writeScenes,
  writeVocSubmission,
} from './api.js'
export type { DeviceName, NamedDevice } from './base/device.js'
export { SemplesError, type SemplesErrorDetails } from './base/error.js'
export type { PrecisionName } from './base/precision.js'
export type { OnProgress, Progress } from './base/progress.js'
export type { Dtype, TensorData, TensorMap, TypedArray } from './base/tensor.js'
export type { LabelOptions, LabelSource, Labels } from './cam/labels.js'
export type { SegmentConfig, SegmentConfigInput } from './config/segment/types.js'
export type { RunConfig, StageName, TrainConfigInput } from './config/types.js'
export type { CheckDataOptions, CheckedClass, CheckedSize, DataCheck, DataFinding } from './datasets/check/types.js'
export { coco2014Classes, coco2014Classes90 } from './datasets/classes/coco2014.js'
export { voc2012Classes } from './datasets/classes/voc2012.js'
export type { Coco2014Options } from './datasets/coco2014.js'
export type { ClassEntry, ClassTable, Dataset, DatasetItem } from './datasets/dataset.js'
export type { ExportFolderOptions, ExportFolderResult } from './datasets/exportFolder.js'
export type { FolderOptions } from './datasets/folder.js'
export type { DataSpec } from './datasets/kinds.js'
export type { Voc2012Options } from './datasets/voc2012.js'
export type { Diagnosis } from './doctor/diagnose.js'
export type { DriverFacts, DriverLibrary } from './doctor/facts/driver.js'
export type { CacheFacts, WriteAccess } from './doctor/facts/folders.js'
export type { MemoryFacts, ProcessorFacts } from './doctor/facts/hardware.js'
export type { SharpFacts } from './doctor/facts/sharp.js'
export type { Toolkit } from './doctor/facts/toolkit.js'
export type { CudaFacts } from './doctor/facts.js'
export type { Finding, Subject } from './doctor/finding.js'
export type { Interval } from './evaluate/bootstrap.js'
export type { Comparison, Difference } from './evaluate/comparison.js'
export type { DetailOptions, NamedClass } from './evaluate/detailOptions.js'
export type {
  BootstrapIntervals,
  BoundaryScores,
  EvaluationDetails,
  Mistakes,
  ScoreIntervals,
} from './evaluate/details.js'
export type { EvaluatePicturesOptions, Evaluation } from './evaluate/evaluate.js'
export type { ClassFalsePositives, ConfusionPair } from './evaluate/mistakes.js'
export type { ClassScores } from './evaluate/scores.js'
export type { SweepPoint } from './evaluate/sweep.js'
export type { CamFile, CamFileOptions } from './formats/camFile/camFile.js'
export type { AxesOrder, CamMaps } from './formats/camFile/maps.js'
export type { ScoreKind } from './formats/camFile/scores.js'
export type { InstalledLibTorch } from './libtorch/cache.js'
export type { LibTorch, LibTorchKind, LibTorchOrigin, RefusedLibTorch } from './libtorch/candidate.js'
export type { Platform } from './libtorch/platform.js'
export type { PhotometricOptions, SampleAugment } from './loader/segmentation/options.js'
export type { MaskColors } from './masks/colors.js'
export { type LabelMap, VOID_ID } from './masks/labelMap.js'
export type { Orientation } from './masks/orientation.js'
export { type Color, maskPalette, type Palette } from './masks/palette.js'
export type { ReadMaskOptions } from './masks/png.js'
export type { ClipOptions } from './models/clip/clipOptions.js'
export type { GeneratorOptions } from './models/generators/kinds.js'
export type { WeightsReport } from './models/weightsReport.js'
export type { AddonFile, RefusedAddon } from './native/addonFile.js'
export type { KernelLibrary, KernelSearch } from './native/cudaKernels.js'
export type { Gpu } from './native/gpus.js'
export type { Logger, LoggerOption } from './native/logger.js'
export type { ProbeResult } from './native/probe.js'
export type { RefineOptions } from './refine/options.js'
export type { BilateralTerm, CrfPreset, GaussianTerm } from './refine/presets.js'
export type { RefineMaskOptions } from './refine/refineMask.js'
export { type RefineStream, refineMasks } from './refine/refineMasks.js'
export type {
  PixelImage,
  RefineDone,
  RefinedMask,
  RefineExecution,
  RefineFolders,
  RefineInput,
  RefineInputs,
  RefineMasksOptions,
  RefineSummary,
} from './refine/types.js'
export type { AblationRow, PromptReport } from './report/runReport.js'
export type { AnnotationShapes } from './runs/annotations/format.js'
export type { AnnotationFormatName } from './runs/annotations/formats.js'
export type { ExportMasksOptions, ExportMasksResult } from './runs/annotations/options.js'
export type { DemoOptions, DemoRecipe, DemoResult } from './runs/demo.js'
export type { EvaluateOptions } from './runs/evaluate.js'
export type { ExportFormatName } from './runs/export/formats.js'
export type { ExportRunOptions, ExportRunResult } from './runs/exportRun.js'
export type { GenerateMasksOptions, GenerateMasksResult } from './runs/generateMasks.js'
export type {
  InspectedLabels,
  InspectedMaps,
  InspectedMask,
  InspectedRun,
  InspectedTensor,
  InspectedWeights,
  Inspection,
  InspectionKind,
} from './runs/inspect/types.js'
export type { PredictedLabels } from './runs/masksFolder.js'
export type { MemoryCheck } from './runs/memory/check.js'
export type { MissingItem, PlannedStage, PlannedStep, PlanOptions, TrainingPlan } from './runs/planTraining.js'
export type { MaskModel } from './runs/predict/maskModel.js'
export type { PredictMasksOptions, PredictMasksResult } from './runs/predict/predictMasks.js'
export type {
  LoadRunOptions,
  ModelKind,
  NumberedPrediction,
  PredictInput,
  Prediction,
  PredictionOptions,
} from './runs/predict/types.js'
export type { RefinementOptions } from './runs/refineCams.js'
export type { ControlRun } from './runs/report/options.js'
export type { RefineRowOptions } from './runs/report/refined.js'
export type { ReportOptions, ReportResult } from './runs/report.js'
export type { MaskReview, MasksReview } from './runs/review/types.js'
export type { TrainSegmenterOptions, TrainSegmenterResult } from './runs/segment/trainSegmenter.js'
export type { StageSummary } from './runs/summary.js'
export type { RunResult, TrainOptions } from './runs/trainSemPLeS.js'
export type { TunedSettings, TuneRefinementOptions, TuneResult } from './runs/tuneRefinement.js'
export type { WriteScenesOptions } from './scenes/write.js'
export type { SegmenterOptions } from './segment/kinds.js'
export type { PredictOptions, SegmentTraining, TargetOptions } from './segment/options.js'
export type { StageSections } from './stages/kinds.js'
export type {
  CheckVocSubmissionOptions,
  CocoResults,
  CocoResultsOptions,
  SubmissionFinding,
  SubmissionOptions,
  SubmissionProblem,
  SubmissionScores,
  VocCompetition,
  VocSubmission,
  VocSubmissionCheck,
  VocSubmissionOptions,
} from './submission/types.js'
export { decode, encode, type TokenizeOptions, tokenize } from './text/tokenizer.js'
