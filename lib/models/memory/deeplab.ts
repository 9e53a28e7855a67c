import { CONVOLUTIONS, cnnNetwork } from './cnn.js'
import { FLOAT, forwardPeak, type Layer, sum } from './layer.js'
import type { DeepLabSizes, SegmenterMemory } from './segmenterSizes.js'

/** Convolutions of the pyramid beside that of the mean: one of 1x1, three of 3x3. */
const KERNELS = [1, 9, 9, 9]

/** Memory of a `deeplabv3plus`: its backbone, the pyramid at the last stride, the decoder at stride 4. */
export function deeplabMemory(options: DeepLabSizes, classes: number): SegmenterMemory {
  const { backbone = 'resnet50', width = 1, outputStride = 16, norm = 'frozen' } = options
  const { channels = 256, lowChannels = 48 } = options
  const own = { backbone, width, outputStride }
  const filled = (length: number) => Math.ceil(length / outputStride) * outputStride
  const network = (height: number, wide: number, pictures: number, live: boolean) =>
    cnnNetwork(own, { height: filled(height), width: filled(wide), pictures, live })
  const { blocks, last, low } = network(outputStride, outputStride, 1, true)
  const pyramid = FLOAT * channels * (last.channels * (sum(KERNELS) + 1) + (KERNELS.length + 1) * channels)
  const decoder =
    FLOAT * (lowChannels * low.channels + 9 * channels * (2 * channels + lowChannels) + classes * (channels + 1))
  const weights = sum(blocks.map((block) => block.weights)) + pyramid + decoder
  /** Of the features at both strides, for each channel. */
  const maps = (height: number, wide: number, pictures: number) => {
    const stride4 = (filled(height) / 4) * (filled(wide) / 4)
    const strideLast = (filled(height) / outputStride) * (filled(wide) / outputStride)
    return { high: FLOAT * pictures * stride4, small: FLOAT * pictures * strideLast }
  }
  return {
    trained: weights,
    frozen: 0,
    opening: 0,
    runtime: CONVOLUTIONS,
    forward(height, wide, pictures) {
      const { high, small } = maps(height, wide, pictures)
      const image = FLOAT * 3 * pictures * filled(height) * filled(wide)
      const encoding = forwardPeak(network(height, wide, pictures, false).blocks, image)
      const parts = (KERNELS.length + 1) * channels * small
      const features = last.channels * small + low.channels * high
      const mixing = features + 2 * parts + 2 * channels * small
      // Both joined; the first convolution and the second, before and after their activations.
      const decoding = features + (channels + lowChannels) * high + 4 * channels * high
      // Norms are folded into the weights, and that is kept.
      return weights + Math.max(encoding, mixing, decoding)
    },
    logits: (height, wide) => classes * maps(height, wide, 1).high,
    layers(size, pictures) {
      const { high, small } = maps(size, size, pictures)
      const live = norm === 'live'
      const convolved = (weights: number, input: number, output: number): Layer => ({
        weights,
        output,
        working: 3 * output,
        // Before and after the norm, after the activation.
        kept: 2 * output + input,
        passing: 3 * output + input,
      })
      const parts = (KERNELS.length + 1) * channels * small
      const joined = (channels + lowChannels) * high
      const each = channels * high
      return [
        ...network(size, size, pictures, live).blocks,
        convolved(pyramid, last.channels * small, parts),
        convolved(0, parts, channels * small),
        convolved(FLOAT * lowChannels * low.channels, 0, lowChannels * high),
        convolved(FLOAT * 9 * channels * (channels + lowChannels), joined, each),
        convolved(FLOAT * 9 * channels * channels, 0, each),
        {
          weights: FLOAT * classes * (channels + 1),
          output: classes * high,
          working: classes * high,
          kept: 0,
          passing: each,
        },
      ]
    },
  }
}
