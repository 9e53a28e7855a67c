import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunDirectory } from '../checkpoints/runDirectory.js'
import { EventFile } from '../formats/eventFile.js'

/**
 * Scalars of a run for TensorBoard, in `tensorboard/` of the run's folder: `<stage>/loss`, `<stage>/terms/<term>`,
 * `<stage>/learning_rate`, `<stage>/pictures_per_second`. Steps count through all stages, as the lines of
 * metrics.jsonl do; a run that goes on begins a new file, whose steps take the place of those that are made again.
 */
export class TensorBoardLog {
  private constructor(
    private readonly file: EventFile,
    private step: number,
  ) {}

  /**
   * @param wanted write at all; default: go on where an earlier session has begun
   * @throws SemplesError `SEMPLES_WRITE_FAILED`
   */
  static async open(run: RunDirectory, wanted?: boolean): Promise<TensorBoardLog | undefined> {
    const folder = join(run.path, 'tensorboard')
    if (!(wanted ?? existsSync(folder))) return undefined
    const steps = (await run.readMetrics()).filter(({ step }) => typeof step === 'number')
    return new TensorBoardLog(await EventFile.create(folder, steps.length + 1), steps.length)
  }

  /** Scalars of a step of a stage, by the names behind `<stage>/`. */
  async append(stage: string, values: Readonly<Record<string, number>>): Promise<void> {
    this.step++
    const scalars = Object.fromEntries(Object.entries(values).map(([name, value]) => [`${stage}/${name}`, value]))
    await this.file.append({ wallTime: Date.now() / 1000, step: this.step, scalars })
  }

  close(): Promise<void> {
    return this.file.close()
  }
}
