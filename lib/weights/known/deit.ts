import type { KnownWeights } from '../description.js'

/** The addresses, loaded with check_hash: by torch.hub's convention a name ends with the first digits of the sha256. */
const READ = 'github.com/facebookresearch/deit, models.py (load_state_dict_from_url with check_hash=True)'

/** @param parameters of the network as models.py builds it, each a 32-bit number */
function deit(name: string, title: string, size: string, sha256Prefix: string, parameters: number): KnownWeights {
  return {
    name,
    about: `DeiT-${title}/16 (Touvron et al. 2021, arXiv 2012.12877), trained on the 1,000 classes of ImageNet at 224 x 224, not distilled.`,
    use: 'generator',
    license: 'Apache-2.0',
    licenseRead: 'github.com/facebookresearch/deit, README_deit.md, License',
    origin: {
      kind: 'address',
      url: `https://dl.fbaipublicfiles.com/deit/deit_${size}_patch16_224-${sha256Prefix}.pth`,
      keptBy: 'torch.hub',
    },
    aboutBytes: 4 * parameters,
    check: { sha256Prefix, read: READ },
  }
}

export const deitWeights: readonly KnownWeights[] = [
  deit('deit-small', 'S', 'small', 'cd65a155', 22_050_664),
  deit('deit-base', 'B', 'base', 'b5f2ef4d', 86_567_656),
  deit('deit-tiny', 'Ti', 'tiny', 'a1311bcf', 5_717_416),
]
