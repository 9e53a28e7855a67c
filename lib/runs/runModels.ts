import type { TensorData, TensorMap } from '../base/tensor.js'
import type { RunConfig } from '../config/types.js'
import type { Dataset } from '../datasets/dataset.js'
import { BackgroundPrompts } from '../models/backgroundPrompts.js'
import { Clip } from '../models/clip.js'
import type { Compute } from '../models/devices.js'
import { MaskGenerator } from '../models/maskGenerator.js'
import { labelText } from '../text/templates.js'
import { tokenize } from '../text/tokenizer.js'

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
    this.generatorModel ??= MaskGenerator.create(generatorConfig(this.config, this.dataset, this.compute.device))
    return this.generatorModel
  }

  /** The random initialisation of the run's seed; earlier stages may have trained the generator in use. */
  async initialState(): Promise<TensorMap> {
    using fresh = await MaskGenerator.create(generatorConfig(this.config, this.dataset, 'cpu'))
    return await fresh.state()
  }

  clip(): Promise<Clip> {
    const { path, visionHeads, textHeads } = this.config.clip
    this.clipModel ??= Clip.open({ path, visionHeads, textHeads, device: this.compute.device })
    return this.clipModel
  }

  prompts(): Promise<BackgroundPrompts> {
    this.promptsModel ??= this.clip().then((clip) =>
      BackgroundPrompts.create({
        classes: this.dataset.classes.classes.length,
        length: this.config.prompt.length,
        width: clip.info.textWidth,
        deviation: this.config.prompt.deviation,
        seed: this.config.seed,
        device: this.compute.device,
      }),
    )
    return this.promptsModel
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

/** What the addon is told about the generator of a run. */
export function generatorConfig(config: RunConfig, dataset: Pick<Dataset, 'classes'>, device: string) {
  const { kind: _kind, weights: _weights, ...sizes } = config.generator
  return { ...sizes, classes: dataset.classes.classes.length, seed: config.seed, device }
}
