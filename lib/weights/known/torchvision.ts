import type { KnownWeights } from '../description.js'

const PACKAGE = 'torchvision 0.29.1 (wheel on PyPI)'

/** The addresses, loaded with check_hash: by torch.hub's convention a name ends with the first digits of the sha256. */
const READ = `${PACKAGE}, torchvision/models/resnet.py (get_state_dict with check_hash=True)`

/** @param mebibytes `_file_size` in the same file, to three digits */
function resnet(
  name: string,
  layers: 50 | 101,
  recipe: 'V1' | 'V2',
  sha256Prefix: string,
  mebibytes: number,
): KnownWeights {
  const training = recipe === 'V1' ? 'simple training recipe' : 'new training recipe'
  return {
    name,
    about: `ResNet-${layers} (He et al. 2016, arXiv 1512.03385) of torchvision, IMAGENET1K_${recipe}: trained on the 1,000 classes of ImageNet by its ${training}.`,
    use: 'generator',
    license: 'BSD-3-Clause',
    licenseRead: `${PACKAGE}, LICENSE; its README says that models may have terms of their own from the data they were trained on`,
    origin: {
      kind: 'address',
      url: `https://download.pytorch.org/models/resnet${layers}-${sha256Prefix}.pth`,
      keptBy: 'torch.hub',
    },
    aboutBytes: Math.round(mebibytes * 2 ** 20),
    check: { sha256Prefix, read: READ },
  }
}

export const torchvisionWeights: readonly KnownWeights[] = [
  resnet('resnet50', 50, 'V1', '0676ba61', 97.781),
  resnet('resnet50-v2', 50, 'V2', '11ad3fa6', 97.79),
  resnet('resnet101', 101, 'V1', '63fe2227', 170.511),
  resnet('resnet101-v2', 101, 'V2', 'cd907fc2', 170.53),
]
