import { describeClipWeights } from '../../models/clip/describe.js'
import { describeGeneratorWeights } from '../../models/foreign/describe.js'
import type { WeightsDescriber } from './description.js'
import { describeOthers } from './otherNetworks.js'
import { describeSegmenter } from './segmenterWeights.js'

/** All of them; the first that knows the file counts. */
export const describers: readonly WeightsDescriber[] = [
  { describe: describeSegmenter },
  { describe: describeOthers },
  { option: '--clip', describe: describeClipWeights },
  { option: '--weights', describe: describeGeneratorWeights },
]
