import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { writeJsonAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { writeCamFile } from '../formats/camFile/write.js'
import type { Palette } from '../masks/palette.js'
import { writeMask } from '../masks/png.js'
import type { RefineSettings } from './options.js'
import type { RefinedMask } from './types.js'

export interface OutputOptions {
  out: string
  /** Also `<name>.npy` or `<name>.npz`. */
  scores?: 'npy' | 'npz'
  palette?: Palette
  /** Write over what is there. */
  overwrite: boolean
}

/** The file beside the masks that says how they were made. */
const RECORD = 'refine.json'

/** A folder of refined masks. What is finished stays, and is told apart from what other settings would make. */
export class OutputFolder {
  private constructor(
    readonly path: string,
    private readonly options: OutputOptions,
    /** Whether what lies here was made with the same settings. */
    private readonly resumes: boolean,
  ) {}

  /**
   * @param inputs folders that are read: nothing may be written there
   * @throws SemplesError `SEMPLES_REFINE_OUTPUT` for the folder of an input, or masks of other settings
   */
  static async open(
    options: OutputOptions,
    settings: RefineSettings,
    inputs: readonly string[],
  ): Promise<OutputFolder> {
    const path = resolve(options.out)
    const input = inputs.find((folder) => resolve(folder) === path)
    if (input !== undefined) throw refuse(`Refined masks would lie among what they are made of, in ${path}.`, path)
    const record = { ...settings, scores: options.scores }
    const found = await readRecord(join(path, RECORD))
    const same = isDeepStrictEqual(found, JSON.parse(JSON.stringify(record)))
    if (found !== undefined && !same && !options.overwrite)
      throw refuse(`The masks in ${path} were refined with other settings.`, path)
    await writeJsonAtomic(join(path, RECORD), record)
    return new OutputFolder(path, options, same && !options.overwrite)
  }

  /**
   * Whether the mask of that name is done already.
   * @throws SemplesError `SEMPLES_REFINE_OUTPUT` where a mask of unknown origin would be lost
   */
  isDone(name: string): boolean {
    const { scores, overwrite } = this.options
    if (!existsSync(this.fileOf(name))) return false
    if (this.resumes) return scores === undefined || existsSync(this.scoresFile(name, scores))
    if (overwrite) return false
    throw refuse(`${this.fileOf(name)} is there already, and nothing says how it was made.`, this.fileOf(name))
  }

  /** Writes the scores, then the mask: where there is a mask, all is there. */
  async write(name: string, { mask, scores, classes }: RefinedMask): Promise<string> {
    const file = this.fileOf(name)
    const kind = this.options.scores
    if (kind !== undefined && scores !== undefined) {
      const { width, height } = mask
      const data = scores.data as Float32Array
      await writeCamFile(this.scoresFile(name, kind), { data, classIds: classes, width, height }, kind)
    }
    await writeMask(file, mask, this.options.palette)
    return file
  }

  /** Path of the mask of that name. */
  fileOf(name: string): string {
    return join(this.path, `${name}.png`)
  }

  private scoresFile(name: string, kind: 'npy' | 'npz'): string {
    return join(this.path, `${name}.${kind}`)
  }
}

/** @throws SemplesError `SEMPLES_REFINE_INPUT` for a name that would leave the folder */
export function checkName(name: string): string {
  if (name !== '' && !name.startsWith('.') && basename(name) === name && !/[\\/:\0]/.test(name)) return name
  throw new SemplesError('SEMPLES_REFINE_INPUT', {
    message: 'A name of a picture is no plain file name.',
    field: 'name',
    value: name,
    expected: 'a file name without folders, such as 2007_000032',
  })
}

async function readRecord(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined
  }
}

function refuse(message: string, file: string): SemplesError {
  return new SemplesError('SEMPLES_REFINE_OUTPUT', {
    message,
    file,
    field: 'out',
    hint: 'Choose another folder (out, --out), or write over it (overwrite, --overwrite).',
  })
}
