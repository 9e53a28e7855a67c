import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { errorCode, syncFolder, TEMPORARY_SUFFIX, writeFailed, writeJsonAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { makeFolders } from '../base/folders.js'
import type { TensorMap } from '../base/tensor.js'
import { readSafetensors, writeSafetensors } from '../formats/safetensors.js'

/** One moment of a stage, saved or read back whole. */
export interface Checkpoint {
  /** Tensor files by name without extension: `generator`, `prompts`, `optimizer`. */
  tensors: Record<string, TensorMap>
  /** Whatever else is needed to go on: step, seeds, best score. Must survive JSON. */
  state: Record<string, unknown>
  /** Epochs that are finished. */
  epoch: number
}

const pointersSchema = z.strictObject({
  last: z.string().regex(/^epoch-\d+(-\d+)?$/),
  best: z
    .string()
    .regex(/^epoch-\d+(-\d+)?$/)
    .optional(),
})
type Pointers = z.infer<typeof pointersSchema>

const checkpointSchema = z.strictObject({
  epoch: z.number().int().min(0),
  files: z.array(z.string().regex(/^[a-z][a-z0-9-]*$/)),
  state: z.record(z.string(), z.unknown()),
})

/**
 * The folder of a stage: `state.json` names the last checkpoint and the best one, which are folders beside it. A
 * checkpoint is written under another name, then renamed, then named in `state.json`; only after that are
 * older ones removed. A process that is killed at any moment leaves the checkpoint before it, or the new one.
 * Saves of one stage must follow each other, not overlap.
 */
export class StageDirectory {
  /** @param permit resolves while this process may write; throws where it may not */
  constructor(
    readonly path: string,
    private readonly permit: () => Promise<void>,
  ) {}

  /**
   * Saves a checkpoint and makes it the last one.
   *
   * @param options.best keep this one also when later ones are saved, until another is the best
   * @throws SemplesError `SEMPLES_WRITE_FAILED`; the checkpoint before stays
   */
  async save({ tensors, state, epoch }: Checkpoint, options: { best?: boolean } = {}): Promise<void> {
    await this.permit()
    const before = await this.pointers()
    await this.prune(before)
    const name = this.freeName(epoch, before)
    const folder = join(this.path, name)
    const temporary = folder + TEMPORARY_SUFFIX
    try {
      await makeFolders(temporary)
      for (const [file, map] of Object.entries(tensors)) {
        await writeSafetensors(join(temporary, `${file}.safetensors`), map)
      }
      await writeJsonAtomic(join(temporary, 'state.json'), { epoch, files: Object.keys(tensors), state })
      await rename(temporary, folder)
      await syncFolder(this.path)
      const pointers: Pointers = { last: name, best: options.best === true ? name : before?.best }
      await writeJsonAtomic(join(this.path, 'state.json'), pointers)
      await this.prune(pointers)
    } catch (cause) {
      await rm(temporary, { recursive: true, force: true }).catch(() => undefined)
      throw writeFailed(folder, cause)
    }
  }

  /**
   * Reads a checkpoint; undefined where the stage has none yet.
   *
   * @param files names of the tensor files to read, for those who need only a few; default all
   * @throws SemplesError `SEMPLES_RUN_INVALID`, and what `readSafetensors` throws
   */
  async load(which: 'last' | 'best' = 'last', files?: readonly string[]): Promise<Checkpoint | undefined> {
    const folder = await this.checkpointPath(which)
    if (folder === undefined) return undefined
    try {
      return await readCheckpoint(folder, files)
    } catch (error) {
      // A run that is going on may have replaced the checkpoint meanwhile.
      if ((await this.checkpointPath(which)) === folder) throw error
      return this.load(which, files)
    }
  }

  /** The folder of a checkpoint, for those who read its files themselves. `best` is the last one where none was marked. */
  async checkpointPath(which: 'last' | 'best' = 'last'): Promise<string | undefined> {
    const pointers = await this.pointers()
    const name = which === 'best' ? (pointers?.best ?? pointers?.last) : pointers?.last
    return name === undefined ? undefined : join(this.path, name)
  }

  private pointers(): Promise<Pointers | undefined> {
    return readJson(join(this.path, 'state.json'), pointersSchema)
  }

  /** Removes what no pointer names: older checkpoints, and what a killed process left. */
  private async prune(pointers: Pointers | undefined): Promise<void> {
    const names = await readdir(this.path).catch(() => [])
    const kept = [pointers?.last, pointers?.best]
    const isOurs = (name: string) => name.startsWith('epoch-') || name.endsWith(TEMPORARY_SUFFIX)
    const old = names.filter((name) => isOurs(name) && !kept.includes(name))
    for (const name of old) await rm(join(this.path, name), { recursive: true, force: true })
  }

  /** `epoch-0007`, or `epoch-0007-2` where the former is the last or best checkpoint and must stay until replaced. */
  private freeName(epoch: number, pointers: Pointers | undefined): string {
    const name = `epoch-${String(epoch).padStart(4, '0')}`
    const taken = [pointers?.last, pointers?.best]
    for (let copy = 1; ; copy++) {
      const candidate = copy === 1 ? name : `${name}-${copy}`
      if (!taken.includes(candidate)) return candidate
    }
  }
}

async function readCheckpoint(folder: string, files: readonly string[] | undefined): Promise<Checkpoint> {
  const stored = await readJson(join(folder, 'state.json'), checkpointSchema)
  if (stored === undefined) throw missing(folder)
  const tensors: Record<string, TensorMap> = {}
  for (const file of stored.files) {
    if (files !== undefined && !files.includes(file)) continue
    tensors[file] = (await readSafetensors(join(folder, `${file}.safetensors`))).tensors
  }
  return { tensors, state: stored.state, epoch: stored.epoch }
}

/**
 * A JSON file of a run, checked; undefined where there is none.
 *
 * @throws SemplesError `SEMPLES_RUN_INVALID` naming the file and the field
 */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined
    throw new SemplesError('SEMPLES_RUN_INVALID', { message: `${path} is not readable JSON.`, file: path, cause })
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new SemplesError('SEMPLES_RUN_INVALID', {
    message: `${path} was not written by this version of semples: ${issue?.message}.`,
    file: path,
    field: issue?.path.join('.'),
  })
}

function missing(folder: string): SemplesError {
  return new SemplesError('SEMPLES_RUN_INVALID', {
    message: `The checkpoint ${folder} is named by its stage but is not there.`,
    file: folder,
    hint: 'It was removed from outside; start the stage again.',
  })
}
