"""Trains the demo's CLIP on captioned scenes and writes it as TorchScript with a provenance file beside it.

    python scripts/clip/train_demo.py --out models/demo-clip.pt --tower models/demo-vit.safetensors --samples 200000
    python scripts/clip/train_demo.py --out .cache/demo-clip.pt --minutes 5

The pictures come from the package's own generator (npm run build:ts first; needs node). Nothing but pictures and
captions is trained on: the generator's masks serve the measurements at the end. With --samples the result depends on
the seed and thread count alone; with --minutes also on the speed of the machine.
"""

import argparse
import hashlib
import json
import math
import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from export import save_archive, script
from measure import measure
from model import Clip, ClipConfig
from tower import save_tower

VOCABULARY = 49408
# Learned prompts end with the full stop that is glued to a word, captions with the free one: one row for both.
FULL_STOP, FULL_STOP_IN_PROMPTS = 269, 13
# ImageNet's statistics: the stages normalise with them, and mask out with their zero.
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

DEMO = ClipConfig(
    embed_dim=128,
    image_resolution=64,
    vision_layers=4,
    vision_width=128,
    vision_heads=4,
    vision_patch_size=8,
    context_length=40,
    vocab_size=0,  # the rows that are trained, and one for all other tokens
    transformer_width=128,
    transformer_heads=4,
    transformer_layers=2,
    # The image tower is a DeiT, so that mask generators can start from it.
    activation="gelu",
    vision_input_norm=False,
)


class Scenes:
    """What scripts/clip/make_scenes.mjs wrote."""

    def __init__(self, folder: Path):
        content = json.loads((folder / "scenes.json").read_text())
        self.recipe = content["recipe"]
        self.token_ids = content["tokenIds"]
        self.words = content["words"]
        count, size, context = self.recipe["shots"], self.recipe["size"], self.recipe["context"]
        self.pixels = np.memmap(folder / "shots.u8", np.uint8, "r", shape=(count, size, size, 3))
        self.tokens = torch.from_numpy(np.fromfile(folder / "tokens.i32", np.int32)).view(count, context).long()
        self.meanings = torch.from_numpy(np.fromfile(folder / "meanings.i32", np.int32))
        self.probes = {"objects": content["objects"], "text_tokens": torch.tensor(content["textTokens"])}
        for name, masks in (("probes", "probe_masks"), ("wholes", "whole_masks")):
            number = self.recipe["probes"]
            pixels = np.fromfile(folder / f"{name}.u8", np.uint8).reshape(number, size, size, 3)
            mask = np.fromfile(folder / f"{masks}.u8", np.uint8).reshape(number, 1, size, size)
            self.probes[name] = (
                normalise(torch.from_numpy(pixels)),
                torch.from_numpy(mask).float() / 255,
                torch.tensor(content[name]),
            )


def open_scenes(folder: Path, shots: int, probes: int, seed: int) -> Scenes:
    """The captioned pictures in `folder`, made first where they are not those that are asked for."""
    sizes = {"size": DEMO.image_resolution, "context": DEMO.context_length}
    wanted = {"shots": shots, "probes": probes, "seed": seed, **sizes}
    described = folder / "scenes.json"
    found = json.loads(described.read_text())["recipe"] if described.exists() else {}
    if found != wanted:
        options = [part for key, value in wanted.items() for part in (f"--{key}", str(value))]
        maker = Path(__file__).with_name("make_scenes.mjs")
        if subprocess.run(["node", str(maker), "--out", str(folder), *options]).returncode != 0:
            raise SystemExit("The pictures could not be made; see above.")
    return Scenes(folder)


def normalise(pixels: Tensor) -> Tensor:
    """RGB bytes [B,H,W,3] → [B,3,H,W], ImageNet-normalised."""
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    return (pixels.permute(0, 3, 1, 2).float() / 255 - mean) / std


def augment(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Flip, zoom by 0.8 to 1.15, shift, brightness and contrast; one draw a picture."""
    count = pictures.shape[0]

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random)

    flip = torch.where(torch.rand(count, generator=random) < 0.5, -1.0, 1.0)
    zoom = between(0.8, 1.15)
    zero = torch.zeros(count)
    placement = torch.stack([flip * zoom, zero, between(-0.12, 0.12), zero, zoom, between(-0.12, 0.12)], 1)
    grid = F.affine_grid(placement.view(count, 2, 3), list(pictures.shape), align_corners=False)
    moved = F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    return moved * between(0.8, 1.2).view(-1, 1, 1, 1) + between(-0.2, 0.2).view(-1, 1, 1, 1)


def contrastive_loss(pictures: Tensor, texts: Tensor, meanings: Tensor, scale: Tensor) -> Tensor:
    """Symmetric InfoNCE in which captions that say the same are positives of each other's pictures."""
    logits = scale.exp() * F.normalize(pictures, dim=-1) @ F.normalize(texts, dim=-1).T
    same = (meanings[:, None] == meanings[None, :]).float()
    targets = same / same.sum(1, keepdim=True)
    return (F.cross_entropy(logits, targets) + F.cross_entropy(logits.T, targets)) / 2


def new_model(scenes: Scenes) -> Clip:
    """A CLIP of the demo's sizes whose token table holds only what the captions use; row 0 stands for the rest."""
    ids = scenes.token_ids
    model = Clip(replace(DEMO, vocab_size=len(ids) + 1))
    index = torch.zeros(VOCABULARY, dtype=torch.int16)
    index[torch.tensor(ids)] = torch.arange(1, len(ids) + 1, dtype=torch.int16)
    index[FULL_STOP_IN_PROMPTS] = index[FULL_STOP]
    model.token_embedding.index = index
    model.trained_tokens = ids
    model.mean, model.std = MEAN, STD
    return model


def train(model: Clip, scenes: Scenes, options: argparse.Namespace) -> tuple[int, float]:
    """Returns samples seen and the mean loss of the last steps."""
    random = torch.Generator().manual_seed(options.seed)
    decayed = [parameter for parameter in model.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=options.lr, betas=(0.9, 0.98))
    start, seen, step, losses = time.monotonic(), 0, 0, []
    order = torch.empty(0, dtype=torch.long)
    while (done := progress(options, seen, start)) < 1:
        if len(order) < options.batch:
            order = torch.randperm(scenes.recipe["shots"], generator=random)
        chosen, order = order[: options.batch], order[options.batch :]
        tokens, back = scenes.tokens[chosen].unique(dim=0, return_inverse=True)
        # What follows the last end token is invisible to it, so the texts are cut there.
        tokens = tokens[:, : int(tokens.argmax(1).max()) + 1]
        pictures = augment(normalise(torch.from_numpy(scenes.pixels[chosen.numpy()])), random)
        loss = contrastive_loss(
            model.encode_image(pictures), model.encode_text(tokens)[back], scenes.meanings[chosen], model.logit_scale
        )
        for group in optimiser.param_groups:
            group["lr"] = options.lr * min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * done))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
        seen, step = seen + options.batch, step + 1
        losses.append(loss.item())
        if step % 100 == 0:
            rate = seen / (time.monotonic() - start)
            print(f"{100 * done:3.0f} %  {seen} samples  {rate:.0f}/s  loss {np.mean(losses[-100:]):.3f}", flush=True)
    return seen, float(np.mean(losses[-100:]))


def progress(options: argparse.Namespace, seen: int, start: float) -> float:
    if options.minutes:
        return (time.monotonic() - start) / (60 * options.minutes)
    return seen / options.samples


def halve(model: Clip) -> Clip:
    """Matrices in half precision, which is how the archive stores them; layers widen them as they go."""
    for parameter in model.parameters():
        if parameter.ndim > 1:
            parameter.data = parameter.data.half()
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="archive to write; provenance beside it as .json")
    parser.add_argument("--tower", type=Path, help="also write the image tower, as DeiT weights (.safetensors)")
    parser.add_argument("--scenes", type=Path, default=Path(".cache/scenes-clip"), help="folder for the pictures")
    parser.add_argument("--shots", type=int, default=40000, help="different pictures (default: 40000)")
    parser.add_argument("--probes", type=int, default=600, help="pictures to measure with (default: 600)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--samples", type=int, default=150000, help="pictures trained on, repeated (default: 150000)")
    length.add_argument("--minutes", type=float, help="train for so long instead")
    parser.add_argument("--batch", type=int, default=64, help="(default: 64)")
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate (default: 0.001)")
    parser.add_argument("--threads", type=int, default=1, help="(default: 1)")
    parser.add_argument("--seed", type=int, default=0, help="of pictures, weights and order (default: 0)")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    scenes = open_scenes(options.scenes, options.shots, options.probes, options.seed)
    model = new_model(scenes)
    # Compiled first: it shares the parameters, and what does not compile shows before the training, not after.
    archive = script(model, frozen=False)
    start = time.monotonic()
    seen, loss = train(model.requires_grad_(True), scenes, options)
    seconds = time.monotonic() - start
    halve(model.requires_grad_(False))
    save_archive(archive, options.out)
    if options.tower:
        save_tower(model.visual, options.tower)
    measured = measure(torch.jit.load(options.out), scenes.probes)
    provenance = {
        "command": " ".join(["python", "scripts/clip/train_demo.py", *sys.argv[1:]]),
        "seed": options.seed,
        "finished": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "threads": options.threads,
        "torch": torch.__version__,
        "data": {"generator": "lib/scenes", **scenes.recipe},
        "samples": seen,
        "batch": options.batch,
        "lr": options.lr,
        "loss": round(loss, 4),
        "measured": measured,
        "config": asdict(replace(DEMO, vocab_size=len(scenes.token_ids) + 1)),
        "words": scenes.words,
        "bytes": options.out.stat().st_size,
        "sha256": hashlib.sha256(options.out.read_bytes()).hexdigest(),
    }
    if options.tower:
        content = options.tower.read_bytes()
        provenance["tower"] = {
            "file": options.tower.name,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    options.out.with_suffix(".json").write_text(json.dumps(provenance, indent=2) + "\n")
    print(json.dumps(measured, indent=2))
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.2f} MB, {seen} samples in {seconds:.0f} s")


if __name__ == "__main__":
    main()
