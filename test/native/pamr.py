"""Compares torch.ops.semples.pamr with its float64 reference and with a version in NumPy of its own; JSON of the differences.

    python test/native/pamr.py build/semples_ops.so
"""

import json
import sys

import numpy as np
import torch

torch.ops.load_library(sys.argv[1])
fast, reference = torch.ops.semples.pamr, torch.ops.semples.ref_pamr
published = [1, 2, 4, 8, 12, 24]


def around(planes, dilations):
    """[..., H, W] -> [n, ..., H, W], by replicate padding instead of clamped indices."""
    height, width = planes.shape[-2:]
    shifted = []
    for d in dilations:
        padded = np.pad(planes, [(0, 0)] * (planes.ndim - 2) + [(d, d), (d, d)], mode='edge')
        shifted += [padded[..., y:y + height, x:x + width]
                    for y in (0, d, 2 * d) for x in (0, d, 2 * d) if (y, x) != (d, d)]
    return np.stack(shifted)


def independent(image, maps, iterations, dilations):
    colors = (image.astype(np.float64) / 255).transpose(2, 0, 1)
    neighbours = around(colors, dilations)
    sigma = np.concatenate([neighbours, np.repeat(colors[None], len(dilations), 0)]).std(0, ddof=1)
    affinity = -(np.abs(neighbours - colors) / (1e-8 + 0.1 * sigma)).mean(1)
    weights = np.exp(affinity - affinity.max(0))
    weights = (weights / weights.sum(0))[:, None]
    maps = maps.astype(np.float64)
    for _ in range(iterations):
        maps = (weights * around(maps, dilations)).sum(0)
    return maps


def largest(a, b):
    return float(np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max())


def pictures(height, width, random):
    yield random.integers(0, 256, (height, width, 3))
    yield np.full((height, width, 3), 77)
    yield 120 + random.integers(0, 3, (height, width, 3)) * (np.arange(width)[None, :, None] > width // 2)


def refusal(*arguments):
    try:
        fast(*arguments)
        return ''
    except (RuntimeError, ValueError, TypeError) as error:
        return f'{type(error).__name__}: {str(error).splitlines()[0]}'


random = np.random.default_rng(0)
cases, sums, constants, threads = {}, 0.0, 0.0, []
for height, width, labels, dilations in [
    (1, 1, 1, [1]), (1, 9, 2, published), (17, 1, 3, [3, 40]), (33, 47, 21, published), (50, 16, 6, [1, 1, 5]),
    (20, 30, 11, [100]), (12, 70, 4, published),
]:
    for kind, image in enumerate(pictures(height, width, random)):
        image = image.astype(np.uint8)
        maps = random.random((labels, height, width), np.float32)
        maps /= maps.sum(0)
        pixels, planes = torch.from_numpy(image), torch.from_numpy(maps)
        refined = fast(pixels, planes, 10, dilations)
        name = f'{height} x {width}, {labels} labels, {dilations}, picture {kind}'
        cases[name] = [largest(refined, reference(pixels, planes, 10, dilations)),
                       largest(refined, independent(image, maps, 10, dilations))]
        sums = max(sums, largest(refined.sum(0), 1))
        constants = max(constants, largest(fast(pixels, torch.full_like(planes, 0.75), 10, dilations), 0.75))
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        threads.append(bool(torch.equal(fast(pixels, planes, 10, dilations), refined)))
        torch.set_num_threads(before)

image, maps = torch.zeros(4, 5, 3, dtype=torch.uint8), torch.zeros(2, 4, 5)
strided = torch.from_numpy(random.random((5, 4, 2), np.float32)).permute(2, 1, 0)
noise = torch.from_numpy(random.integers(0, 256, (3, 4, 5)).astype(np.uint8)).permute(1, 2, 0)
print(json.dumps({
    'cases': cases, 'sums': sums, 'constants': constants, 'threads': threads,
    'unchanged': bool(torch.equal(fast(noise, strided, 0), strided)),
    'strided': bool(torch.equal(fast(noise, strided), fast(noise.contiguous(), strided.contiguous()))),
    'defaults': bool(torch.equal(fast(noise, strided), fast(noise, strided, 10, published))),
    'refusals': {
        'NaN': refusal(image, maps + torch.nan), 'infinite': refusal(image, maps + torch.inf),
        'float64': refusal(image, maps.double()), 'float image': refusal(image.float(), maps),
        'size': refusal(image, maps[:, :3]), 'two dimensions': refusal(image, maps[0]),
        'no labels': refusal(image, maps[:0]), 'grey': refusal(image[..., :1], maps),
        'iterations': refusal(image, maps, -1), 'no dilations': refusal(image, maps, 1, []),
        'dilation': refusal(image, maps, 1, [1, 0]), 'many dilations': refusal(image, maps, 1, [1] * 17),
    },
}))
