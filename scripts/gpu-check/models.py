"""Models of native/core for Python, and those of reference tensors."""

from pathlib import Path

import torch
from torch import Tensor

from golden import Golden


def load_library(library: Path, kernels: Path | None) -> None:
    torch.classes.load_library(str(library))
    torch.ops.semples_check.start('' if kernels is None else str(kernels))


def generator(config: dict, device: str):
    """A mask generator of the options of the package's API."""
    return torch.classes.semples_check.Generator({**config, 'device': device})


def generator_options(config: dict) -> dict:
    """The `config` metadata of a generator file, in the names of this package (test/support/goldenModels.ts)."""
    return {
        'kind': 'weaktr', 'imageSize': config['img_size'], 'patchSize': config['patch_size'],
        'width': config['embed_dim'], 'depth': config['depth'], 'heads': config['num_heads'],
        'classes': config['num_classes'], 'fusionReduction': config['reduction'],
        'fusionPool': 'mean' if config['pool'] == 'avg' else 'max',
        'fusionFeatureReduction': config['feat_reduction'], 'dropPathRate': 0.0,
    }


def golden_generator(golden: Golden, weights: str, device: str, config: dict | None = None):
    file = golden.read(weights.split(' ')[0])
    made = generator(generator_options(config or file.meta('config')), device)
    made.load(file.under('w.'))
    return made


def clip(weights: dict[str, Tensor], device: str, vision_heads: int, text_heads: int, activation: str = 'quick_gelu',
         precision: str = 'float32'):
    options = {'device': device, 'precision': precision, 'visionHeads': vision_heads, 'textHeads': text_heads, 'activation': activation}
    return torch.classes.semples_check.Clip(weights, options)


def golden_clip(golden: Golden, device: str):
    config = golden.json('clip_config.json')
    weights = {**golden.read('clip_weights').tensors, **golden.read('clip_token_embedding').tensors}
    return clip(weights, device, config['vision_heads'], config['transformer_heads'])


def prompts(vectors: Tensor, device: str):
    classes, length, width = vectors.shape
    made = torch.classes.semples_check.Prompts(
        {'classes': classes, 'length': length, 'width': width, 'device': device})
    made.load(vectors.to(device))
    return made


def text_ids(golden: Golden, classes: int) -> Tensor:
    """Of the class names that the reference chooses by their number: exactly VOC's, else the first of COCO's."""
    io = golden.read('clip_io')
    own = io['voc_token_ids']
    return own if classes == len(own) else io['coco_token_ids'][:classes]


def stage_options(letter: str, hypers: list[float]) -> dict:
    """A stage as the published train functions run it."""
    matching = {'terms.match': 1.0, 'terms.background_text': hypers[0], 'trains': 'head', 'maskEpsilon': 0.1}
    if letter == 'a':
        return matching
    if letter == 'b':
        return {'terms.background_prompt': 1.0, 'terms.text_prompt': hypers[0], 'trains': 'prompts', 'maskEpsilon': 1e-4}
    return {**matching, 'terms.foreground_prompt': hypers[1]}


def trainer(options: dict, of_generator, of_clip=None, of_prompts=None, ids: Tensor | None = None):
    return torch.classes.semples_check.Trainer(options, of_generator, of_clip, of_prompts, ids)
