import { SemplesError } from '../base/error.js'
import type { TensorData, TensorMap } from '../base/tensor.js'
import type {
  LoadReport,
  NativeCamRequest,
  NativeForwardOptions,
  NativeGenerator,
  NativeGeneratorConfig,
  NativeImages,
  NativeLoadOptions,
} from '../native/addon.js'
import { callNative } from '../native/errors.js'
import { loadAddon } from '../native/load.js'
import { Handle } from './handle.js'

export type MaskGeneratorConfig = NativeGeneratorConfig
export type LoadOptions = NativeLoadOptions

/** The picture at one scale: RGB bytes, HWC. */
export interface ScaledPicture {
  data: Uint8Array
  width: number
  height: number
}

/** How runs become maps. Default: with the mirrored picture, stretched over the picture, min-max per class. */
export type CamRules = Pick<NativeCamRequest, 'flip' | 'scaling' | 'fit'>

/** CAMs of one picture. */
export interface Cams {
  /** float32, `classes.length * height * width`, each class in [0, 1]. */
  cams: Float32Array
  /** Indices into the class table, in the order of `cams`. */
  classes: number[]
  height: number
  width: number
  /** Class logits [C] of the first scale. */
  logits: Float32Array
}

/**
 * A mask generator: pictures in, class scores and maps out. Kind `weaktr` is a DeiT with one class token per class, a
 * convolutional CAM head, adaptive attention fusion and patch-affinity refinement (Zhu et al., arXiv 2304.01184); kind
 * `cnn` a ResNet or EfficientNet-Lite0 with class activation maps (Zhou et al., arXiv 1512.04150).
 */
export class MaskGenerator extends Handle<NativeGenerator> {
  private constructor(
    native: NativeGenerator,
    readonly config: MaskGeneratorConfig,
  ) {
    super(native)
  }

  /** Randomly initialised from `config.seed`; the default sizes of a `weaktr` are DeiT-S/16 at 224. */
  static async create(config: MaskGeneratorConfig): Promise<MaskGenerator> {
    return new MaskGenerator(await callNative(() => loadAddon().createGenerator(config)), config)
  }

  /**
   * Names and shapes of what a checkpoint holds, in its order; `head`: what the published losses reach; `buffer`: what
   * is not trained.
   */
  get parameters(): NativeGenerator['parameters'] {
    return this.call((native) => native.parameters)
  }

  /**
   * Copies tensors in, from the state of this moment.
   * @throws SemplesError `SEMPLES_CHECKPOINT_MISMATCH` naming what does not fit; then nothing was changed
   */
  load(tensors: TensorMap, options: LoadOptions = {}): Promise<LoadReport> {
    return this.start((native) => native.load(tensors, options))
  }

  state(): Promise<TensorMap> {
    return this.start((native) => native.state())
  }

  /** One pass in evaluation mode, for a `weaktr`: `class_logits` [B, C], `fine_cam` [B, C, gh, gw], and with `trace` what lies between. */
  forward(images: NativeImages, options: NativeForwardOptions = {}): Promise<TensorMap> {
    return this.start((native) => native.forward(images, options))
  }

  /**
   * Multi-scale + flip CAMs: the sum over all runs, resized to one size, then scaled per class.
   * @param classes indices of the classes present
   * @param size of the maps; default: that of the first scale
   * @throws SemplesError `SEMPLES_IMAGE_TOO_SMALL` for a picture smaller than a patch
   */
  async cams(
    scales: readonly ScaledPicture[],
    classes: readonly number[],
    rules: CamRules = {},
    size?: { height: number; width: number },
  ): Promise<Cams> {
    const present = [...classes]
    const indices: TensorData = { dtype: 'int64', shape: [present.length], data: BigInt64Array.from(present, index) }
    const result = await this.start((native) =>
      native.cams({ scales, classes: indices, ...rules, height: size?.height, width: size?.width }),
    )
    const [, height, width] = result.cams.shape
    return {
      cams: result.cams.data as Float32Array,
      classes: present,
      height: height!,
      width: width!,
      logits: result.classLogits.data as Float32Array,
    }
  }
}

function index(value: number): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value)
  throw new SemplesError('SEMPLES_ARGUMENT_INVALID', {
    message: 'A class index is not a whole number.',
    field: 'classes',
    value,
  })
}
