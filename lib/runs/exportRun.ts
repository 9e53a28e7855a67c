import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { requireNothing } from '../base/outputs.js'
import type { StageName } from '../config/types.js'
import { exportedContent } from './export/content.js'
import { type ExportFormatName, exportFormat } from './export/formats.js'

export interface ExportRunOptions {
  /** The file to write; nothing may be there. */
  out: string
  /**
   * `pth`: what `torch.save` writes, for `torch.load(out, weights_only=True)`; `safetensors`. Default: what the name of
   * the file says (`.pth`, `.pt`, `.bin`; `.safetensors`).
   */
  format?: ExportFormatName
  /** Whose generator; default: the last stage that trained it, as for masks. */
  stage?: StageName
  /** Of the stage; `best` only where the run selected epochs. Default: the best where it did, else the last, as for masks. */
  epoch?: 'best' | 'last'
  /** Stops before anything is written. */
  signal?: AbortSignal
}

export interface ExportRunResult {
  /** Absolute path of the file. */
  path: string
  format: ExportFormatName
  /** Size of the file. */
  bytes: number
  /** Tensors of the generator. */
  tensors: number
  /** Numbers in them. */
  parameters: number
  /** Sizes of the learned prompts, [classes, length, width], where the run has some. */
  prompts?: number[]
  /** Labels in the order of class tokens, maps and prompts. */
  classes: string[]
  stage: StageName
  /** Epochs that the stage had finished. */
  epoch: number
  /** A line of Python after which `weights` holds the tensors of the generator by name. */
  python: string
  /** What the weights may be other than meant. */
  warnings: string[]
}

/** `exportRun` of the public API, documented in lib/api/runs.ts. */
export async function exportRun(run: string, options: ExportRunOptions): Promise<ExportRunResult> {
  const { out, signal } = options
  signal?.throwIfAborted()
  const format = exportFormat(options.format, out)
  const path = resolve(out)
  // Weights may be all that is left of a run: none take the place of others, not even of the same command.
  await requireNothing(path)
  const content = await exportedContent(run, options)
  signal?.throwIfAborted()
  await format.write(path, content)
  const { tensors, prompts, facts, stage, warnings } = content
  const all = Object.values(tensors)
  return {
    path,
    format: format.name as ExportFormatName,
    bytes: (await stat(path)).size,
    tensors: all.length,
    parameters: all.reduce((sum, { data }) => sum + data.length, 0),
    ...(prompts === undefined ? {} : { prompts: prompts.shape }),
    classes: facts.classes,
    stage,
    epoch: facts.epoch,
    python: format.python(path, content),
    warnings,
  }
}
