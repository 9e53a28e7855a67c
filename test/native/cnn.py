"""The CNN mask generator in plain torch, which cnn.test.ts compares with: python test/native/cnn.py FOLDER

Written from the papers: ResNet (arXiv 1512.03385) with the keys of torchvision, EfficientNet-Lite0 (arXiv 1905.11946,
1801.04381) with the keys of its published weights, class activation maps (arXiv 1512.04150), and the losses of SemPLeS
(arXiv 2401.11791). FOLDER/cases.json names the cases; NAME.in.safetensors becomes NAME.out.safetensors. Everything
is computed in float64.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
LITE = ([127 / 255] * 3, [128 / 255] * 3)


margins: list[float] = []


def kink(x: Tensor, place: float = 0.0) -> None:
    """Notes how near a value comes to where a gradient jumps, as a share of the spread of the values."""
    margins.append(float(((x.detach() - place).abs().min() / x.detach().std()).nan_to_num(1.0)))


def relu(x: Tensor) -> Tensor:
    kink(x)
    return F.relu(x)


def relu6(x: Tensor) -> Tensor:
    kink(x)
    kink(x, 6.0)
    return F.relu6(x)


def max_pool(x: Tensor) -> Tensor:
    windows = F.unfold(F.pad(x.detach(), [1] * 4).flatten(0, 1).unsqueeze(1), 3, stride=2)
    first, second = windows.topk(2, dim=1).values.unbind(1)
    margins.append(float((first - second)[first > 0].min() / x.detach().std()))
    return F.max_pool2d(x, 3, 2, 1)


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int, dilation: int, first: bool):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, dilation, dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = nn.Identity()
        if first:
            shortcut = nn.Conv2d(inputs, 4 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(4 * width))

    def forward(self, x: Tensor) -> Tensor:
        y = relu(self.bn1(self.conv1(x)))
        y = relu(self.bn2(self.conv2(y)))
        return relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNet(nn.Module):
    statistics = IMAGENET
    context = 3

    def __init__(self, blocks: list[int], width: float, output_stride: int, dilate: bool):
        super().__init__()
        size = inputs = round(64 * width)
        self.conv1 = nn.Conv2d(3, size, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(size)
        for index, count in enumerate(blocks):
            removed = index == 3 and output_stride == 16
            layers = []
            for block in range(count):
                stride = 2 if block == 0 and index > 0 and not removed else 1
                dilation = 2 if block > 0 and removed and dilate else 1
                layers.append(Bottleneck(inputs, size, stride, dilation, block == 0))
                inputs = 4 * size
            self.add_module(f"layer{index + 1}", nn.Sequential(*layers))
            size *= 2
        self.channels = inputs

    def stages(self, x: Tensor) -> list[Tensor]:
        x = max_pool(relu(self.bn1(self.conv1(x))))
        found = [x]
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            found.append(x)
        return found


class Same(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: ceil(size / stride) rows come out; an odd row is added at the end."""

    def forward(self, x: Tensor) -> Tensor:
        pads = []
        for size, kernel, stride, dilation in zip(x.shape[:1:-1], self.kernel_size, self.stride, self.dilation):
            total = max(0, (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


def lite_norm(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)


class Inverted(nn.Module):
    def __init__(self, inputs: int, out: int, kernel: int, stride: int, expansion: int, dilation: int, residual: bool):
        super().__init__()
        inner = inputs * expansion
        self.expands, self.residual = expansion > 1, residual
        if self.expands:
            self._expand_conv = Same(inputs, inner, 1, bias=False)
            self._bn0 = lite_norm(inner)
        self._depthwise_conv = Same(inner, inner, kernel, stride, dilation=dilation, groups=inner, bias=False)
        self._bn1 = lite_norm(inner)
        self._project_conv = Same(inner, out, 1, bias=False)
        self._bn2 = lite_norm(out)

    def forward(self, x: Tensor) -> Tensor:
        y = relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = self._bn2(self._project_conv(relu6(self._bn1(self._depthwise_conv(y)))))
        return x + y if self.residual else y


def rounded(channels: int, width: float) -> int:
    wanted = channels * width
    multiple = max(8, int(wanted + 4) // 8 * 8)
    return multiple + 8 if multiple < 0.9 * wanted else multiple


class Lite(nn.Module):
    statistics = LITE
    context = 5
    # Blocks, kernel, stride, expansion, channels.
    table = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112)]
    table += [(4, 5, 2, 6, 192), (1, 3, 1, 6, 320)]

    def __init__(self, width: float, output_stride: int, dilate: bool):
        super().__init__()
        inputs = rounded(32, width)
        self._conv_stem = Same(3, inputs, 3, 2, bias=False)
        self._bn0 = lite_norm(inputs)
        self._blocks, self.ends = nn.ModuleList(), []
        for index, (count, kernel, stride, expansion, channels) in enumerate(self.table):
            out = rounded(channels, width)
            for block in range(count):
                published = stride if block == 0 else 1
                removed = output_stride == 16 and index == 5 and block == 0
                after = output_stride == 16 and (index == 6 or (index == 5 and block > 0))
                dilation = 2 if after and dilate else 1
                # Only where the published network adds: a removed stride opens no new shortcut.
                residual = published == 1 and inputs == out
                step = 1 if removed else published
                self._blocks.append(Inverted(inputs, out, kernel, step, expansion, dilation, residual))
                inputs = out
            self.ends.append(len(self._blocks))
        self.channels = rounded(1280, width)
        self._conv_head = Same(inputs, self.channels, 1, bias=False)
        self._bn1 = lite_norm(self.channels)

    def stages(self, x: Tensor) -> list[Tensor]:
        x = relu6(self._bn0(self._conv_stem(x)))
        found = [x]
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index + 1 in self.ends:
                found.append(x)
        return [*found, relu6(self._bn1(self._conv_head(x)))]


class Generator(nn.Module):
    def __init__(self, options: dict):
        super().__init__()
        sizes = options.get("width", 1), options.get("outputStride", 16), options.get("dilate", False)
        blocks = {"resnet50": [3, 4, 6, 3], "resnet101": [3, 4, 23, 3]}.get(options["backbone"])
        self.net = Lite(*sizes) if blocks is None else ResNet(blocks, *sizes)
        self.head = options.get("head", "linear")
        self.own = nn.ParameterDict()

    def load(self, weights: dict[str, Tensor]) -> None:
        head = {name: value for name, value in weights.items() if name.startswith(("classifier.", "context."))}
        rest = {name: value for name, value in weights.items() if name not in head}
        missing, unexpected = self.net.load_state_dict(rest, strict=False)
        lacking = [name for name in missing if not name.endswith("num_batches_tracked")]
        assert not lacking and not unexpected, (lacking, unexpected)
        self.own = nn.ParameterDict({name.replace(".", "_"): nn.Parameter(value) for name, value in head.items()})
        self.names = {name.replace(".", "_"): name for name in head}

    def named(self) -> list[tuple[str, nn.Parameter]]:
        return [*self.net.named_parameters(), *((self.names[name], value) for name, value in self.own.items())]

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        (mean, deviation), (own_mean, own_deviation) = (
            [torch.tensor(part, dtype=images.dtype).view(3, 1, 1) for part in statistics]
            for statistics in (IMAGENET, self.net.statistics)
        )
        return self.respond(self.net.stages((images * deviation + mean - own_mean) / own_deviation))

    def respond(self, stages: list[Tensor]) -> dict[str, Tensor]:
        features = stages[-1]
        weight = self.own["classifier_weight"]
        response = torch.einsum("cd,bdhw->bchw", weight[:, :, 0, 0], features)
        if self.head == "context":
            middle = F.adaptive_avg_pool2d(stages[self.net.context], features.shape[2:])
            both = torch.cat([features, middle], 1)
            reduced = relu(F.conv2d(both, self.own["context_reduce_weight"], self.own["context_reduce_bias"]))
            response = response + F.conv2d(reduced, self.own["context_spread_weight"], padding=1)
        found = {f"stage.{index}": stage for index, stage in enumerate(stages)}
        # Global average pooling, then a fully connected layer without bias.
        pooled = F.linear(features.mean((2, 3)), weight[:, :, 0, 0])
        logits = pooled if self.head == "linear" else response.mean((2, 3))
        return {**found, "features": features, "response": response, "coarse_logits": logits, "cam": F.relu(response)}


def scaled(maps: Tensor, options: dict) -> Tensor:
    low, high = maps.amin((2, 3), True), maps.amax((2, 3), True)
    masks = (maps - low) / (high - low + options.get("maskEpsilon", 0.1))
    gain = options.get("maskGain", 0)
    return torch.sigmoid(gain * (masks - options.get("maskCentre", 0.5))) if gain > 0 else masks


def unit(x: Tensor) -> Tensor:
    return x / x.norm(dim=-1, keepdim=True)


def stage_loss(out: dict[str, Tensor], images: Tensor, given: dict[str, Tensor], options: dict) -> dict[str, Tensor]:
    """Unweighted terms, and the similarities and pictures of the pairs."""
    labels = given["labels"].to(images.dtype)
    logits = out["coarse_logits"]
    softly = labels * F.logsigmoid(logits) + (1 - labels) * F.logsigmoid(-logits)
    terms = {"term.coarse_logits": -softly.mean(), "term.area": scaled(out["cam"], options).mean()}
    if "clip" not in options:
        return terms
    clip = torch.jit.load(options["clip"]).double()
    picture, index = labels.nonzero(as_tuple=True)
    maps = F.interpolate(out["cam"][picture, index].unsqueeze(1), images.shape[2:], mode="bilinear", align_corners=True)
    masks = scaled(maps, options)
    text = unit(clip.encode_text(given["textIds"]))[index]
    for name, part in (("foreground", masks), ("background", 1 - masks)):
        masked = part * images[picture]
        terms[f"masked.{name}"] = masked
        size = [options["clipSize"]] * 2
        small = masked if list(masked.shape[2:]) == size else F.interpolate(
            masked, size, mode="bilinear", antialias=True
        )
        terms[f"similarity.{name}"] = (unit(clip.encode_image(small)) * text).sum(1)
    close, far = (terms[f"similarity.{name}"].clamp(1e-4, 0.9999) for name in ("foreground", "background"))
    terms["term.match"], terms["term.background_text"] = -close.log().mean(), -(1 - far).log().mean()
    return terms


def margin_of(generator: Generator, images: Tensor) -> float:
    margins.clear()
    kink(generator(images)["response"])
    return min(margins)


def run(options: dict, given: dict[str, Tensor]) -> dict[str, Tensor]:
    torch.set_default_dtype(torch.float64)
    given = {name: value.double() if value.dtype == torch.float32 else value for name, value in given.items()}
    generator = Generator(options)
    generator.load({name[2:]: value for name, value in given.items() if name.startswith("w.")})
    generator.train(options.get("live", False))
    images = given["images"]
    if "candidates" in options:
        return {"margins": torch.tensor([margin_of(generator, part) for part in images.chunk(options["candidates"])])}
    out = generator(images)
    result = dict(out)
    if "terms" in options:
        values = stage_loss(out, images, given, options)
        result.update(values)
        result["loss"] = sum(weight * values[f"term.{name}"] for name, weight in options["terms"].items())
        names, parameters = zip(*generator.named())
        for name, gradient in zip(names, torch.autograd.grad(result["loss"], parameters, allow_unused=True)):
            if gradient is not None:
                result[f"gradient.{name}"] = gradient
    for name, value in generator.net.named_buffers():
        if not name.endswith("num_batches_tracked"):
            result[f"buffer.{name}"] = value
    return result


def published(given: dict[str, Tensor], options: dict) -> dict[str, Tensor]:
    """What PyPI's efficientnet-lite-pytorch gives for bytes of 224 x 224 pixels, to which its padding belongs."""
    from efficientnet_lite_pytorch import EfficientNet

    torch.set_default_dtype(torch.float32)
    net = EfficientNet.from_name("efficientnet-lite0").eval()
    net.load_state_dict(torch.load(options["weights"], weights_only=True))
    pixels = given["pixels"].permute(0, 3, 1, 2).float()
    images = (pixels - 127) / 128
    with torch.no_grad():
        return {"logits": net(images), "features": net.extract_features(images)}


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    for name, options in json.loads((folder / "cases.json").read_text()).items():
        given = load_file(folder / f"{name}.in.safetensors")
        found = published(given, options) if "weights" in options else run(options, given)
        kept = {name: value.detach().float().contiguous() for name, value in found.items()}
        save_file(kept, folder / f"{name}.out.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
