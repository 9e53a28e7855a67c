import type { TensorData, TensorMap } from '../base/tensor.js'
import type { RunConfig } from '../config/types.js'
import type { Dataset } from '../datasets/dataset.js'
import { BackgroundPrompts } from '../models/backgroundPrompts.js'
import { Clip } from '../models/clip/clip.js'
import type { Compute, Placement } from '../models/devices.js'
import { nativeGenerator } from '../models/generators/kinds.js'
import { MaskGenerator } from '../models/maskGenerator.js'
import { labelText } from '../text/templates.js'
import { tokenize } from '../text/tokenizer.js'
import { weightsPath } from '../weights/find.js'

/** The models of a run, opened when first needed and disposed together. */
export class RunModels {
  private generatorModel?: Promise<MaskGenerator>
  private clipModel?: Promise<Clip>
  private promptsModel?: Promise<BackgroundPrompts>

  constructor(
    private readonly config: RunConfig,
    private readonly dataset: Dataset,
    private readonly compute: Compute,
  ) {}

  generator(): Promise<MaskGenerator> {
    this.generatorModel ??= MaskGenerator.create(generatorConfig(this.config, this.dataset, this.compute))
    return this.generatorModel
  }

  /** The random initialisation of the run's seed; earlier stages may have trained the generator in use. */
  async initialState(): Promise<TensorMap> {
    using fresh = await MaskGenerator.create(generatorConfig(this.config, this.dataset, { device: 'cpu' }))
    return await fresh.state()
  }

  clip(): Promise<Clip> {
    const { path, activation, visionHeads, textHeads } = this.config.clip
    // The config was checked: a stage that needs a CLIP has one.
    const { device, precision } = this.compute
    this.clipModel ??= weightsPath(path!, 'clip').then((file) =>
      Clip.open({ path: file, activation, visionHeads, textHeads, device, precision }),
    )
    return this.clipModel
  }

  prompts(): Promise<BackgroundPrompts> {
    this.promptsModel ??= this.clip().then((clip) => this.newPrompts(clip, this.dataset.classes.classes.length))
    return this.promptsModel
  }

  /** Untrained prompts for so many classes. */
  newPrompts({ info }: Clip, classes: number): Promise<BackgroundPrompts> {
    const { length, deviation, space } = this.config.prompt
    const sizes =
      space === 'joint' ? { length: 1, width: info.featureWidth, joint: true } : { length, width: info.textWidth }
    return BackgroundPrompts.create({
      classes,
      ...sizes,
      deviation,
      seed: this.config.seed,
      device: this.compute.device,
    })
  }

  /** Token ids of "a photo of {prompt name}." for every class, at the length of this CLIP. */
  async textIds(): Promise<TensorData> {
    const { contextLength } = (await this.clip()).info
    return tokenize(
      this.dataset.classes.classes.map(({ prompt }) => labelText(prompt)),
      { contextLength },
    )
  }

  async dispose(): Promise<void> {
    for (const model of [this.generatorModel, this.clipModel, this.promptsModel])
      (await model?.catch(() => undefined))?.dispose()
  }
}

/** What the addon makes the generator of a run of. */
export function generatorConfig(
  { generator, seed }: RunConfig,
  { classes }: Pick<Dataset, 'classes'>,
  { device, precision }: Placement,
) {
  return nativeGenerator(generator, { classes: classes.classes.length, seed, device, precision })
}
