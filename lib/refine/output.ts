import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { writeFailed, writeJsonAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { FolderLock, MASKS_LOCK } from '../base/folderLock.js'
import { makeFolders } from '../base/folders.js'
import { describeDifference, differingField, readRecord } from '../base/outputRecord.js'
import { isSameFolder, MadeFiles, namesInOutput, outputExists } from '../base/outputs.js'
import { writeCamFile } from '../formats/camFile/write.js'
import { orientationMark } from '../masks/orientation.js'
import type { Palette } from '../masks/palette.js'
import { writeMask } from '../masks/png.js'
import type { RefineSettings } from './options.js'
import type { RefinedMask, RefineInput } from './types.js'

export interface OutputOptions {
  out: string
  /** Also `<name>.npy` or `<name>.npz`. */
  scores?: 'npy' | 'npz'
  palette?: Palette
  /** Overwrite existing files. */
  overwrite: boolean
}

/** The file in the output folder that records the settings. */
const RECORD = 'refine.json'

/** A folder of refined masks. Finished masks are kept if they were made with the same settings, which it records. */
export class OutputFolder {
  private constructor(
    readonly path: string,
    private readonly options: OutputOptions,
    /** Whether the folder's masks were made with the same settings and are kept. */
    private readonly resumes: boolean,
    private readonly made: MadeFiles,
  ) {}

  /**
   * @param inputs folders that are read: nothing may be written there
   * @param names of the pictures, where they are known beforehand
   * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` for the folder of an input, masks of other settings, or files that no
   *   refinement made
   */
  static async open(
    options: OutputOptions,
    settings: RefineSettings,
    inputs: readonly string[],
    names: readonly string[] = [],
  ): Promise<OutputFolder> {
    const path = resolve(options.out)
    for (const folder of inputs) if (await isSameFolder(folder, path)) throw amongInputs(path)
    const record = recordOf(settings, options)
    const found = await readRecord(join(path, RECORD))
    const differs = found === undefined ? undefined : differingField(found, record)
    const made = await MadeFiles.open(path, 'refine')
    // Where nothing has come of other settings yet, as all was refused, there is nothing to mix with.
    const nothingYet = made.has(RECORD) && !(await namesInOutput(path)).some((name) => name.endsWith('.png'))
    if (found !== undefined && differs !== undefined && !nothingYet && !options.overwrite)
      throw outputExists(
        `The masks in ${path} were refined with other settings: ${describeDifference(differs, found, record)}.`,
        path,
        { hint: HINT },
      )
    const same = found !== undefined && differs === undefined
    const folder = new OutputFolder(path, options, same && !options.overwrite, made)
    if (found === undefined) await folder.requireFree([RECORD])
    await folder.requireFree(names.flatMap((name) => folder.namesOf(name)))
    await made.note([RECORD]).catch((cause: unknown) => {
      throw writeFailed(join(path, RECORD), cause)
    })
    await writeJsonAtomic(join(path, RECORD), record)
    return folder
  }

  /** Whether the mask of that name is done already. */
  isDone(name: string): boolean {
    return this.resumes && this.namesOf(name).every((file) => existsSync(join(this.path, file)))
  }

  /**
   * @param input what the mask is made of, which is never written over
   * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` where a file would be lost that no refinement made
   */
  async requireRoom(name: string, { image, scores, labels }: Partial<RefineInput>): Promise<void> {
    for (const file of [image, scores, labels])
      for (const own of this.namesOf(name))
        if (typeof file === 'string' && basename(own) === basename(file))
          if (await isSameFolder(dirname(file), dirname(join(this.path, own))))
            throw outputExists(`The refined mask would replace what it is made of, ${file}.`, file)
    await this.requireFree(this.namesOf(name))
  }

  /** Writes the scores, then the mask: where there is a mask, all is there. */
  async write(name: string, { mask, scores, classes, orientation }: RefinedMask): Promise<string> {
    const file = this.fileOf(name)
    await this.made.note(this.namesOf(name)).catch((cause: unknown) => {
      throw writeFailed(file, cause)
    })
    const kind = this.options.scores
    if (kind !== undefined && scores !== undefined) {
      const { width, height } = mask
      const comment = orientation && orientationMark(orientation)
      const data = scores.data as Float32Array
      await writeCamFile(this.scoresFile(name, kind), { data, classIds: classes, width, height }, kind, comment)
    }
    await writeMask(file, mask, this.options.palette, orientation)
    return file
  }

  /** Path of the mask of that name. */
  fileOf(name: string): string {
    return join(this.path, `${name}.png`)
  }

  /** Whoever asks to write over what is there has looked at it. */
  private async requireFree(names: readonly string[]): Promise<void> {
    if (!this.options.overwrite) await this.made.requireFree(names, HINT)
  }

  /** Files of a picture. */
  private namesOf(name: string): string[] {
    const { scores } = this.options
    return [`${name}.png`, ...(scores === undefined ? [] : [`${name}.${scores}`])]
  }

  private scoresFile(name: string, kind: 'npy' | 'npz'): string {
    return join(this.path, `${name}.${kind}`)
  }
}

/**
 * The right to write into a folder of masks, which is made where it is missing.
 *
 * @param inputs folders that are read
 * @throws SemplesError `SEMPLES_OUTPUT_EXISTS` for a file or the folder of an input, `SEMPLES_RUN_LOCKED` where another job
 *   writes there, `SEMPLES_WRITE_FAILED`
 */
export async function lockOutput(out: string, inputs: readonly string[]): Promise<FolderLock> {
  const path = resolve(out)
  for (const folder of inputs) if (await isSameFolder(folder, path)) throw amongInputs(path)
  await namesInOutput(path)
  await makeFolders(path).catch((cause: unknown) => {
    throw writeFailed(path, cause)
  })
  return FolderLock.take(path, MASKS_LOCK)
}

/** @throws SemplesError `SEMPLES_REFINE_INPUT` for a name that would leave the folder */
export function checkName(name: string): string {
  if (isPlainName(name)) return name
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'The name of a picture is not a plain file name.',
    field: 'name',
    value: name,
    expected: 'a file name without folders, such as 2007_000032',
  })
}

/**
 * Of a path inside a folder that was read.
 * @throws SemplesError `SEMPLES_REFINE_INPUT`
 */
export function checkPath(path: string): string {
  for (const part of path.split('/')) checkName(part)
  return path
}

/** Whether it is a file name without folders. */
export function isPlainName(name: string): boolean {
  return name !== '' && !name.startsWith('.') && basename(name) === name && !/[\\/:\0]/.test(name)
}

/** What decides the masks, as it is recorded. */
function recordOf({ own, given: _, ...shared }: RefineSettings, { scores }: OutputOptions): Record<string, unknown> {
  const imageLabels = shared.imageLabels?.fingerprint
  return { ...shared, classNames: shared.classNames, imageLabels, ...own, scores }
}

const HINT = 'Choose another folder (out, --out), or overwrite its masks (overwrite, --overwrite).'

/** Not even where they may be written over: the next refinement would read what this one wrote. */
function amongInputs(path: string): SemplesError {
  return outputExists(`The output folder ${path} is also a folder of inputs.`, path)
}
