"""Segmentation models in plain torch, which test/segment compares with: python test/segment/reference.py FOLDER

Written from the papers: Segmenter (arXiv 2105.05633) as WeakTr retrains it (arXiv 2304.01184), DeepLabv3+ (arXiv
1802.02611) on the backbones of test/native/cnn.py, and a decoder over the blocks of a CLIP. FOLDER/cases.json names the
cases; NAME.in.safetensors (w.*: weights; images, labels, ...) becomes NAME.out.safetensors. Everything is computed in
float64.
"""

import json
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "native"))
import cnn  # noqa: E402

EPSILON = 1e-5


class Weights:
    """Parameters by name, with gradients."""

    def __init__(self, tensors: dict[str, Tensor]):
        self.tensors = {name: tensor.double().requires_grad_("running_" not in name) for name, tensor in tensors.items()}

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def under(self, prefix: str) -> dict[str, Tensor]:
        return {name[len(prefix) :]: tensor for name, tensor in self.tensors.items() if name.startswith(prefix)}

    def linear(self, x: Tensor, name: str) -> Tensor:
        return F.linear(x, self[f"{name}.weight"], self[f"{name}.bias"])

    def norm(self, x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self[f"{name}.weight"], self[f"{name}.bias"], EPSILON)


def block(w: Weights, x: Tensor, name: str, heads: int) -> Tensor:
    """A pre-norm block, its attention by torch's own function with packed projections."""
    width = x.shape[-1]
    normed = w.norm(x, f"{name}norm1").transpose(0, 1)
    attended, _ = F.multi_head_attention_forward(
        normed, normed, normed, width, heads,
        w[f"{name}attn.qkv.weight"], w[f"{name}attn.qkv.bias"], None, None, False, 0.0,
        w[f"{name}attn.proj.weight"], w[f"{name}attn.proj.bias"], training=False, need_weights=False,
    )
    x = x + attended.transpose(0, 1)
    return x + w.linear(F.gelu(w.linear(w.norm(x, f"{name}norm2"), f"{name}mlp.fc1")), f"{name}mlp.fc2")


def vit(w: Weights, images: Tensor, heads: int) -> tuple[Tensor, int, int]:
    weight = w["encoder.patch_embed.proj.weight"]
    patch = weight.shape[-1]
    grid = F.conv2d(images, weight, w["encoder.patch_embed.proj.bias"], stride=patch)
    rows, columns = grid.shape[2:]
    table = w["encoder.pos_embed"]
    side = round((table.shape[1] - 1) ** 0.5)
    places = table[:, 1:].reshape(1, side, side, -1).movedim(3, 1)
    places = F.interpolate(places, size=(rows, columns), mode="bilinear", align_corners=False).flatten(2).mT
    token = (w["encoder.cls_token"] + table[:, :1]).expand(len(images), -1, -1)
    x = torch.cat([token, grid.flatten(2).mT + places], 1)
    depth = len({name.split(".")[2] for name in w.tensors if name.startswith("encoder.blocks.")})
    for i in range(depth):
        x = block(w, x, f"encoder.blocks.{i}.", heads)
    return w.norm(x, "encoder.norm")[:, 1:], rows, columns


def vit_mask(w: Weights, images: Tensor, options: dict) -> list[Tensor]:
    heads, patch = options["heads"], options["patchSize"]
    if options.get("halfStatistics"):
        mean, std = (torch.tensor(v, dtype=torch.float64).view(3, 1, 1) for v in cnn.IMAGENET)
        images = (images * std + mean - 0.5) / 0.5
    patches, rows, columns = vit(w, images, heads)
    classes = w["decoder.cls_emb"].shape[1]
    x = torch.cat([w.linear(patches, "decoder.proj_dec"), w["decoder.cls_emb"].expand(len(images), -1, -1)], 1)
    depth = len({name.split(".")[2] for name in w.tensors if name.startswith("decoder.blocks.")})
    outputs = []
    for i in range(depth):
        x = block(w, x, f"decoder.blocks.{i}.", heads)
        normed = w.norm(x, "decoder.decoder_norm")
        own, tokens = normed[:, :-classes] @ w["decoder.proj_patch"], normed[:, -classes:] @ w["decoder.proj_classes"]
        own, tokens = own / own.norm(dim=-1, keepdim=True), tokens / tokens.norm(dim=-1, keepdim=True)
        masks = w.norm(torch.einsum("bpd,bcd->bpc", own, tokens), "decoder.mask_norm")
        outputs.append(masks.mT.reshape(len(images), classes, rows, columns))
    return [F.interpolate(each, scale_factor=patch, mode="bilinear", align_corners=False) for each in outputs]


def conv_norm(w: Weights, x: Tensor, name: str, training: bool, dilation: int = 1) -> Tensor:
    weight = w[f"{name}.conv.weight"]
    x = F.conv2d(x, weight, padding=dilation * (weight.shape[-1] // 2), dilation=dilation)
    running = [w[f"{name}.bn.running_{what}"].detach().clone() for what in ("mean", "var")]
    return cnn.relu(F.batch_norm(x, *running, w[f"{name}.bn.weight"], w[f"{name}.bn.bias"], training, 0.1, 1e-5))


def deeplab(w: Weights, images: Tensor, options: dict, training: bool) -> list[Tensor]:
    stride = options.get("outputStride", 16)
    own = w.under("backbone.")
    if options["backbone"] == "efficientnet-lite0":
        net, low_index = cnn.Lite(options["width"], stride, options.get("dilate", True)), 2
    else:
        net, low_index = cnn.ResNet([3, 4, 6, 3], options["width"], stride, options.get("dilate", True)), 1
    net = net.double().eval()
    mean, std = (torch.tensor(v, dtype=torch.float64).view(3, 1, 1) for v in cnn.IMAGENET)
    other_mean, other_std = (torch.tensor(v, dtype=torch.float64).view(3, 1, 1) for v in net.statistics)
    x = (images * std + mean - other_mean) / other_std

    class Stages(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return tuple(self.net.stages(x))

    found = torch.func.functional_call(Stages(), {f"net.{name}": tensor for name, tensor in own.items()}, (x,))
    low, last = found[low_index], found[-1]
    parts = [conv_norm(w, last, "aspp.0", training)]
    for i, rate in enumerate((6, 12, 18), 1):
        parts.append(conv_norm(w, last, f"aspp.{i}", training, rate * 16 // stride))
    pooled = conv_norm(w, last.mean((2, 3), keepdim=True), "aspp.pool", training)
    parts.append(F.interpolate(pooled, size=last.shape[2:], mode="nearest"))
    x = conv_norm(w, torch.cat(parts, 1), "aspp.merge", training)
    low = conv_norm(w, low, "decoder.low", training)
    x = torch.cat([F.interpolate(x, size=low.shape[2:], mode="bilinear", align_corners=False), low], 1)
    x = conv_norm(w, conv_norm(w, x, "decoder.0", training), "decoder.1", training)
    logits = F.conv2d(x, w["decoder.classifier.weight"], w["decoder.classifier.bias"])
    return [F.interpolate(logits, size=images.shape[2:], mode="bilinear", align_corners=False)]


def clip_decoder(w: Weights, tokens: Tensor, rows: int, columns: int, options: dict) -> list[Tensor]:
    """tokens [L, B, 1 + P, W] of the blocks of a CLIP."""
    parts = []
    for i, each in enumerate(tokens[:, :, 1:]):
        parts.append(w.linear(F.relu(w.linear(each, f"mlps.{i}.0")), f"mlps.{i}.2"))
    x = w.linear(torch.cat(parts, -1), "merge")
    for i in range(options["depth"]):
        x = block(w, x, f"blocks.{i}.", options["heads"])
    logits = w.linear(w.norm(x, "norm"), "classifier")
    grid = logits.mT.reshape(logits.shape[0], logits.shape[2], rows, columns)
    return [F.interpolate(grid, scale_factor=options["patchSize"], mode="bilinear", align_corners=False)]


def pixel_loss(logits: Tensor, labels: Tensor, given: dict[str, Tensor], options: dict) -> tuple[Tensor, float]:
    """Cross-entropy pixel by pixel, with the tiles of adaptive gradient clipping looped over."""
    chosen = labels.clamp(max=logits.shape[1] - 1)
    losses = -F.log_softmax(logits, 1).gather(1, chosen[:, None])[:, 0] * (labels != 255)
    if "class_weights" in given:
        losses = losses * given["class_weights"].double()[chosen]
    if "confidence" in given:
        losses = losses * given["confidence"].double() / 255
    clipped = 0.0
    clipping = options.get("clipping", {})
    if clipping.get("enabled"):
        mean = losses.detach().mean()
        if mean <= clipping.get("start", 1.2):
            average, tile = losses.detach().mean(0), min(clipping.get("tile", 120), *losses.shape[1:])
            limits = torch.empty_like(average)
            for top in range(0, average.shape[0], tile):
                for left in range(0, average.shape[1], tile):
                    part = (slice(top, top + tile), slice(left, left + tile))
                    limits[part] = torch.maximum(average[part].mean(), mean)
            over = losses.detach() > limits
            clipped = float(over.sum() / (labels != 255).sum())
            losses = torch.where(over, limits.expand_as(losses), losses)
    if options.get("mean", "all") == "all":
        return losses.mean(), clipped
    return losses.sum() / (labels != 255).sum(), clipped


def solve(name: str, case: dict, folder: Path) -> None:
    given = load_file(folder / f"{name}.in.safetensors")
    w = Weights({key[2:]: tensor for key, tensor in given.items() if key.startswith("w.")})
    images = given["images"].double()
    options, training = case["options"], case.get("training", False)
    cnn.margins.clear()
    if options["kind"] == "vit-mask":
        outputs = vit_mask(w, images, options)
    elif options["kind"] == "deeplabv3plus":
        outputs = deeplab(w, images, options, training)
    else:
        size = options["patchSize"]
        rows, columns = images.shape[2] // size, images.shape[3] // size
        outputs = clip_decoder(w, given["tokens"].double(), rows, columns, options)
    height, width = case.get("size", images.shape[2:])
    outputs = [each[:, :, :height, :width] for each in outputs]
    result = {f"logits.{i}": each.detach() for i, each in enumerate(outputs)}
    if "labels" in given:
        loss, clipped = pixel_loss(outputs[-1], given["labels"].long(), given, case.get("loss", {}))
        loss.backward()
        result["loss"], result["clipped"] = loss.detach(), torch.tensor(clipped, dtype=torch.float64)
        for key, tensor in w.tensors.items():
            if tensor.grad is not None:
                result[f"gradient.{key}"] = tensor.grad
    save_file({key: tensor.contiguous() for key, tensor in result.items()}, folder / f"{name}.out.safetensors")


def main() -> None:
    torch.set_num_threads(2)
    folder = Path(sys.argv[1])
    for name, case in json.loads((folder / "cases.json").read_text()).items():
        solve(name, case, folder)


if __name__ == "__main__":
    main()
