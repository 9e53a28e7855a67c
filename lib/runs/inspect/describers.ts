import { describeGeneratorWeights } from '../../models/foreign/describe.js'
import { describeClip } from './clipWeights.js'
import type { WeightsDescriber } from './description.js'
import { describeOthers } from './otherNetworks.js'

/** All of them; the first that knows the file counts. */
export const describers: readonly WeightsDescriber[] = [
  { describe: describeOthers },
  { option: '--clip', describe: describeClip },
  { option: '--weights', describe: describeGeneratorWeights },
]
