import { existsSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { errorCode, writeAtomic, writeFailed, writeJsonAtomic } from '../base/atomic.js'
import { SemplesError } from '../base/error.js'
import { FolderLock, lockFiles, RUN_LOCK } from '../base/folderLock.js'
import { makeFolders } from '../base/folders.js'
import { JsonlLog, type JsonlRecord, readJsonl } from '../formats/jsonl.js'
import { readJson, StageDirectory } from './stageDirectory.js'

const stageStateSchema = z.strictObject({
  status: z.enum(['running', 'done']),
  started: z.string(),
  finished: z.string().optional(),
  /** Epochs that are finished. */
  epochs: z.number().int().min(0).optional(),
})

/** Version of the layout of run directories and of the fields in config.json. */
const FORMAT = 2

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** Versions of what made the run: semples, node, libtorch. */
  versions: z.record(z.string(), z.string()),
  seed: z.number(),
  /** Fingerprint of the data set. */
  data: z.string(),
  created: z.string(),
  finished: z.string().optional(),
  /** By stage name, in the order they were started. */
  stages: z.record(z.string(), stageStateSchema),
  /** Anything else worth recording: device, threads, `weights: random`. */
  notes: z.record(z.string(), z.unknown()),
})

export type StageState = z.infer<typeof stageStateSchema>

/** What `run.json` says. Times are ISO 8601. */
export type RunManifest = z.infer<typeof manifestSchema>

export interface NewRun {
  /** The resolved configuration: everything that decides numbers, defaults included. */
  config: unknown
  /** The class table. */
  classes: unknown
  versions: Record<string, string>
  seed: number
  data: string
  notes?: Record<string, unknown>
}

/** Marks a folder whose run is being created, so that a killed process does not block its own folder. */
const CREATING = '.semples-creating'
const OWN_FILES = ['config.json', 'classes.json', 'metrics.jsonl', CREATING, ...lockFiles(RUN_LOCK)]
/** What file systems and file managers put into empty folders. */
const HARMLESS = new Set(['lost+found', '.DS_Store', ...lockFiles(RUN_LOCK)])

/**
 * A training run on disk:
 *
 *     run.json            manifest: versions, seed, data fingerprint, times, state of the stages
 *     config.json         resolved configuration
 *     classes.json        class table
 *     metrics.jsonl       one record a line
 *     stages/<stage>/     checkpoints (see StageDirectory)
 *
 * Everything is written atomically. One process at a time may write; any number may read.
 */
export class RunDirectory {
  private constructor(
    /** Absolute path. */
    readonly path: string,
    private state: RunManifest,
    private readonly lock: FolderLock | undefined,
  ) {}

  /**
   * Creates a run in a new or empty folder and takes its lock.
   *
   * @throws SemplesError `SEMPLES_RUN_EXISTS` where the folder holds a run or anything else, `SEMPLES_RUN_LOCKED`,
   * `SEMPLES_WRITE_FAILED`
   */
  static async create(
    path: string,
    { config, classes, versions, seed, data, notes = {} }: NewRun,
  ): Promise<RunDirectory> {
    const folder = resolve(path)
    await makeFolders(folder).catch((cause: unknown) => {
      throw writeFailed(folder, cause)
    })
    await refuseForeign(folder)
    const lock = await FolderLock.take(folder, RUN_LOCK)
    let begun = false
    try {
      // Another process may have finished a run while this one waited for the lock.
      await refuseForeign(folder)
      await writeAtomic(join(folder, CREATING), '')
      begun = true
      await writeJsonAtomic(join(folder, 'config.json'), config)
      await writeJsonAtomic(join(folder, 'classes.json'), classes)
      const manifest: RunManifest = {
        format: FORMAT,
        versions: { node: process.version, ...versions },
        seed,
        data,
        created: new Date().toISOString(),
        stages: {},
        notes,
      }
      // Last: a folder is a run from here on.
      await writeJsonAtomic(join(folder, 'run.json'), manifest)
      begun = false
      await rm(join(folder, CREATING), { force: true })
      return new RunDirectory(folder, manifest, lock)
    } catch (error) {
      // No half of a run stays: the mark goes last.
      if (begun)
        for (const name of ['config.json', 'classes.json', CREATING])
          await rm(join(folder, name), { force: true }).catch(() => undefined)
      await lock.release()
      throw error
    }
  }

  /**
   * Whether a run can be created there, before anything else takes time. Makes nothing.
   * @throws SemplesError `SEMPLES_RUN_EXISTS`, `SEMPLES_WRITE_FAILED` for a file of that name
   */
  static async requireFree(path: string): Promise<void> {
    if (existsSync(path)) await refuseForeign(resolve(path))
  }

  /**
   * Opens a run.
   *
   * @param mode `read` (default) takes no lock and changes nothing; `write` goes on with the run
   * @throws SemplesError `SEMPLES_RUN_MISSING`, `SEMPLES_RUN_INVALID`, `SEMPLES_RUN_LOCKED`
   */
  static async open(path: string, mode: 'read' | 'write' = 'read'): Promise<RunDirectory> {
    const folder = resolve(path)
    const manifest = await readManifest(folder)
    if (mode === 'read') return new RunDirectory(folder, manifest, undefined)
    const lock = await FolderLock.take(folder, RUN_LOCK)
    try {
      // The former holder may have changed it until now.
      return new RunDirectory(folder, await readManifest(folder), lock)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  get manifest(): Readonly<RunManifest> {
    return this.state
  }

  /** The content of `config.json`. */
  readConfig(): Promise<unknown> {
    return this.readRequired('config.json')
  }

  /** The content of `classes.json`. */
  readClasses(): Promise<unknown> {
    return this.readRequired('classes.json')
  }

  readMetrics(): Promise<JsonlRecord[]> {
    return readJsonl(join(this.path, 'metrics.jsonl'))
  }

  /** Opens `metrics.jsonl` for appending; `keepWhile` as in `JsonlLog.open`. */
  async openMetrics(keepWhile?: (record: JsonlRecord) => boolean): Promise<JsonlLog> {
    await this.permit()
    return JsonlLog.open(join(this.path, 'metrics.jsonl'), keepWhile)
  }

  /** The folder of a stage, which comes into being with its first checkpoint. */
  stage(name: string): StageDirectory {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
      throw new SemplesError('SEMPLES_NAME_INVALID', {
        message: 'That cannot be the name of a stage.',
        value: name,
        expected: 'lower-case letters, digits and hyphens',
      })
    }
    return new StageDirectory(join(this.path, 'stages', name), () => this.permit())
  }

  /** Records the state of a stage in the manifest. */
  async setStage(name: string, state: StageState): Promise<void> {
    await this.updateManifest({ stages: { ...this.state.stages, [name]: state } })
  }

  async updateManifest(change: Partial<Omit<RunManifest, 'format'>>): Promise<void> {
    await this.permit()
    const next = { ...this.state, ...change }
    await writeJsonAtomic(join(this.path, 'run.json'), next)
    this.state = next
  }

  /** Releases the lock. The run can be opened again. */
  async close(): Promise<void> {
    await this.lock?.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private async permit(): Promise<void> {
    if (this.lock === undefined) {
      throw new SemplesError('SEMPLES_INTERNAL', { message: `The run ${this.path} was opened for reading.` })
    }
    await this.lock.check()
  }

  private async readRequired(name: string): Promise<unknown> {
    const value = await readJson(join(this.path, name), z.unknown())
    if (value !== undefined) return value
    throw new SemplesError('SEMPLES_RUN_INVALID', {
      message: `The run ${this.path} has no ${name}.`,
      file: join(this.path, name),
    })
  }
}

async function readManifest(folder: string): Promise<RunManifest> {
  const file = join(folder, 'run.json')
  const status = await stat(folder).catch(() => undefined)
  if (status?.isDirectory() !== true)
    throw new SemplesError('SEMPLES_RUN_MISSING', {
      message: status === undefined ? `There is no folder ${folder}.` : `${folder} is not the folder of a run.`,
      file: folder,
      hint: 'Give the folder that was the output of a training run.',
    })
  const version = await readJson(file, z.looseObject({ format: z.unknown() }))
  if (typeof version?.format === 'number' && version.format !== FORMAT)
    throw new SemplesError('SEMPLES_RUN_INVALID', {
      message: `The run ${folder} was made by another version of semples, which this one cannot go on with or read.`,
      file,
      field: 'format',
      value: version.format,
      expected: String(FORMAT),
      hint: 'Use the version that made it (versions.semples in run.json), or start a new run in another folder.',
    })
  const manifest = await readJson(file, manifestSchema)
  if (manifest !== undefined) return manifest
  const [inside] = await runsWithin(folder)
  throw new SemplesError('SEMPLES_RUN_MISSING', {
    message: `${folder} is not a run of semples: it has no run.json.`,
    file: folder,
    hint:
      inside === undefined
        ? 'Give the folder that was the output of a training run.'
        : `There is a run within it: give ${inside}.`,
  })
}

/** Runs directly within a folder, as in that of a demo. */
async function runsWithin(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'run.json')))
    .map(({ name }) => join(folder, name))
}

async function refuseForeign(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw errorCode(cause) === 'ENOTDIR' ? writeFailed(folder, cause) : cause
  })
  if (names.includes('run.json')) {
    throw new SemplesError('SEMPLES_RUN_EXISTS', {
      message: `There is a run in ${folder} already.`,
      file: folder,
      hint: 'Resume it (resume), or choose another output folder (out).',
    })
  }
  const unfinished = names.includes(CREATING)
  const foreign = names.find((name) => {
    const ours = unfinished ? OWN_FILES.includes(name) || name.endsWith('.tmp') : name.startsWith(`.${CREATING}.`)
    return !ours && !HARMLESS.has(name)
  })
  if (foreign === undefined) return
  throw new SemplesError('SEMPLES_RUN_EXISTS', {
    message: `The output folder ${folder} is not empty: it holds ${foreign}.`,
    file: folder,
    hint: 'Choose another output folder (out).',
  })
}
