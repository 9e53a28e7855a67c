"""The same networks in plain torch.nn, as the field writes them; one task, repeated whenever a line arrives."""

import json
import sys
import time

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


class Bottleneck(nn.Module):
    def __init__(self, inside, width, stride, first):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.downsample = None
        if first:
            self.downsample = nn.Sequential(nn.Conv2d(inside, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu(self.bn2(self.conv2(y)), inplace=True)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)), inplace=True)


class ResNet50(nn.Module):
    """Gradients are cut after layer2, as in IRN's CAM step."""

    def __init__(self, classes):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inside, width = 64, 64
        for index, (blocks, stride) in enumerate([(3, 1), (4, 2), (6, 2), (3, 1)]):
            layer = [Bottleneck(inside if at == 0 else 4 * width, width, stride if at == 0 else 1, at == 0) for at in range(blocks)]
            setattr(self, f"layer{index + 1}", nn.Sequential(*layer))
            inside, width = 4 * width, 2 * width
        self.classifier = nn.Conv2d(2048, classes, 1, bias=False)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x)), inplace=True), 3, 2, 1)
        x = self.layer2(self.layer1(x)).detach()
        return self.classifier(self.layer4(self.layer3(x)))


class Same(nn.Conv2d):
    """Padded as TensorFlow's SAME."""

    def forward(self, x):
        sides = []
        for size in (x.shape[3], x.shape[2]):
            total = max(0, (-(-size // self.stride[0]) - 1) * self.stride[0] + self.kernel_size[0] - size)
            sides += [total // 2, total - total // 2]
        return super().forward(F.pad(x, sides) if any(sides) else x)


class MBConv(nn.Module):
    def __init__(self, inside, out, kernel, stride, expansion, residual):
        super().__init__()
        wide = inside * expansion
        if expansion != 1:
            self._expand_conv, self._bn0 = Same(inside, wide, 1, bias=False), nn.BatchNorm2d(wide, 1e-3, 0.01)
        self._depthwise_conv = Same(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, 1e-3, 0.01)
        self._project_conv, self._bn2 = Same(wide, out, 1, bias=False), nn.BatchNorm2d(out, 1e-3, 0.01)
        self.expands, self.residual = expansion != 1, residual

    def forward(self, x):
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        y = self._bn2(self._project_conv(F.relu6(self._bn1(self._depthwise_conv(y)))))
        return x + y if self.residual else y


class Lite0(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self._conv_stem, self._bn0 = Same(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32, 1e-3, 0.01)
        blocks, inside = [], 32
        stages = [(1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 1, 6, 192), (1, 3, 1, 6, 320)]
        for number, (count, kernel, stride, expansion, out) in enumerate(stages):
            for at in range(count):
                # The sixth stage's stride is removed; its first block has no shortcut all the same.
                residual = (at > 0 or (stride == 1 and number != 5)) and inside == out
                blocks.append(MBConv(inside, out, kernel, stride if at == 0 else 1, expansion, residual))
                inside = out
        self._blocks = nn.Sequential(*blocks)
        self._conv_head, self._bn1 = Same(320, 1280, 1, bias=False), nn.BatchNorm2d(1280, 1e-3, 0.01)
        self.classifier = nn.Conv2d(1280, classes, 1, bias=False)

    def forward(self, x):
        x = ((x * STD + MEAN) * 255 - 127) / 128
        x = self._blocks(F.relu6(self._bn0(self._conv_stem(x))))
        return self.classifier(F.relu6(self._bn1(self._conv_head(x))))


def images(pixels):
    return (pixels.permute(0, 3, 1, 2).float() / 255 - MEAN) / STD


def training(model, task, pixels):
    model.eval()  # running statistics; scale and shift are trained
    labels = torch.zeros(pixels.shape[0], task["classes"])
    labels[torch.arange(pixels.shape[0]), torch.arange(pixels.shape[0]) % task["classes"]] = 1
    optimizer = torch.optim.SGD(model.parameters(), task["rate"], weight_decay=1e-4)

    def step():
        loss = F.multilabel_soft_margin_loss(model(images(pixels)).mean((2, 3)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


@torch.no_grad()
def maps(model, task, scales):
    total = 0
    for pixels in scales:
        x = images(pixels)
        cam = F.relu(model(torch.cat([x, x.flip(3)])))[:, task["present"]]
        cam = F.interpolate(cam, scales[0].shape[1:3], mode="bilinear", align_corners=False)
        total = total + cam[0] + cam[1].flip(2)
    return (total / (total.amax((1, 2), keepdim=True) + 1e-5)).mean().item()


def main():
    task = json.loads(sys.argv[1])
    torch.set_num_threads(task["threads"])
    model = (ResNet50 if task["backbone"] == "resnet50" else Lite0)(task["classes"])
    model.load_state_dict(load_file(task["weights"]), strict=False)
    model.eval()
    scales = [torch.arange(n * h * w * 3).mul(7919).remainder(256).byte().view(n, h, w, 3) for n, h, w in task["pictures"]]
    act = training(model, task, scales[0]) if task["kind"] == "step" else lambda: maps(model, task, scales)
    for _ in sys.stdin:
        start = time.perf_counter()
        value = act()
        print(json.dumps({"ms": 1000 * (time.perf_counter() - start), "value": value}), flush=True)


main()
