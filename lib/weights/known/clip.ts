import type { KnownWeights } from '../description.js'

/** The dictionary of addresses in OpenAI's program, whose downloader compares a file with the sha256 in its address. */
const READ = 'github.com/openai/CLIP, clip/clip.py, _MODELS and _download (commit b4ae449)'

const MODELS = 'https://openaipublic.azureedge.net/clip/models'

function clip(name: string, title: string, file: string, sha256: string, aboutBytes?: number): KnownWeights {
  return {
    name,
    about: `CLIP ${title} of OpenAI (Radford et al. 2021, arXiv 2103.00020), the TorchScript archive as published.`,
    use: 'clip',
    license: 'MIT',
    licenseRead: 'github.com/openai/CLIP, LICENSE',
    origin: { kind: 'address', url: `${MODELS}/${sha256}/${file}`, keptBy: 'clip' },
    ...(aboutBytes === undefined ? {} : { aboutBytes }),
    check: { sha256, read: READ },
  }
}

/** OpenAI states no sizes; that of ViT-B/32 is what its downloader shows (338 MiB). */
export const clipWeights: readonly KnownWeights[] = [
  clip(
    'clip-vit-b-32',
    'ViT-B/32',
    'ViT-B-32.pt',
    '40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af',
    354e6,
  ),
  clip('clip-vit-b-16', 'ViT-B/16', 'ViT-B-16.pt', '5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f'),
  clip('clip-vit-l-14', 'ViT-L/14', 'ViT-L-14.pt', 'b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836'),
  clip(
    'clip-vit-l-14-336',
    'ViT-L/14@336px',
    'ViT-L-14-336px.pt',
    '3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02',
  ),
]
