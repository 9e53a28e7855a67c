"""Writes CLIP archives, good and bad, for test/native: python test/native/archives.py FOLDER."""

import pickle
import sys
import warnings
import zipfile
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts" / "clip"))
from export import save_archive, script  # noqa: E402
from model import Clip, ClipConfig  # noqa: E402
from openai_archive import Multimodal  # noqa: E402

TINY = ClipConfig(
    embed_dim=16,
    image_resolution=32,
    vision_layers=1,
    vision_width=32,
    vision_heads=2,
    vision_patch_size=8,
    context_length=16,
    vocab_size=49408,
    transformer_width=16,
    transformer_heads=2,
    transformer_layers=1,
)


class NoClip(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


class Odd(nn.Module):
    """Has the methods of a CLIP, and does with pixels what `fault` says."""

    def __init__(self, fault: str):
        super().__init__()
        self.fault = fault
        self.image_size = 32
        self.context_length = 16

    @torch.jit.export
    def encode_image(self, pixels: Tensor) -> Tensor:
        if self.fault == "warns":
            warnings.warn("these pictures are old")
        if self.fault == "raises":
            raise RuntimeError("no pictures today")
        # Texts have 16 numbers.
        return torch.ones(pixels.shape[0], 16 if self.fault == "warns" else 3)

    @torch.jit.export
    def encode_text(self, ids: Tensor) -> Tensor:
        return torch.ones(ids.shape[0], 16)

    @torch.jit.export
    def embed_tokens(self, ids: Tensor) -> Tensor:
        return torch.ones(ids.shape[0], ids.shape[1], 16)

    @torch.jit.export
    def encode_embeddings(self, embeddings: Tensor, end: Tensor) -> Tensor:
        return torch.ones(embeddings.shape[0], 16)


class Renamed(nn.Module):
    """A module with the parameters and sub-modules of another, some of them left out or replaced."""

    def __init__(self, model: nn.Module, changes: dict[str, Tensor | None], prefix: str = ""):
        super().__init__()
        for name, child in model.named_children():
            self.add_module(name, Renamed(child, changes, f"{prefix}{name}."))
        for name, parameter in model.named_parameters(recurse=False):
            value = changes.get(prefix + name, parameter)
            if value is not None:
                self.register_parameter(name, nn.Parameter(value, requires_grad=False))

    def forward(self, x: Tensor) -> Tensor:
        return x


def main(folder: Path) -> None:
    torch.manual_seed(0)
    model = Clip(TINY).eval().requires_grad_(False)

    def openai(name: str, **changes: Tensor | None) -> None:
        changes = {key.replace("__", "."): value for key, value in changes.items()}
        module = Renamed(model, changes)
        module.vision_heads, module.transformer_heads = TINY.vision_heads, TINY.transformer_heads
        save_archive(torch.jit.script(module), folder / name)

    archive = Multimodal(model, TINY, "cpu", torch.float32)
    archive.vision_heads, archive.transformer_heads = TINY.vision_heads, TINY.transformer_heads
    save_archive(torch.jit.script(archive.eval()), folder / "openai.pt")
    save_archive(script(model), folder / "interface.pt")
    openai("lacking.pt", ln_final__weight=None)
    openai("no_blocks.pt", visual__transformer__resblocks__0__ln_1__weight=None)
    openai("wrong_rank.pt", visual__proj=torch.zeros(32))
    openai("wrong_width.pt", transformer__resblocks__0__mlp__c_fc__weight=torch.zeros(64, 17))
    openai("no_square.pt", visual__positional_embedding=torch.zeros(8, 32))
    save_archive(torch.jit.script(NoClip()), folder / "no_clip.pt")
    for fault in ("raises", "shape", "warns"):
        save_archive(torch.jit.script(Odd(fault)), folder / f"{fault}.pt")
    torch.save({"weight": torch.zeros(2)}, folder / "pickled_tensors.pt")
    (folder / "pickle.pt").write_bytes(pickle.dumps({"weight": [0.0]}))
    with zipfile.ZipFile(folder / "zip.pt", "w") as plain:
        plain.writestr("readme.txt", "nothing")


main(Path(sys.argv[1]))
