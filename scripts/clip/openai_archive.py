"""Writes a TorchScript archive laid out like OpenAI's own CLIP files, for tests of what reads those.

    python scripts/clip/openai_archive.py --out ViT-B-32-random.pt                       # ViT-B/32 of random weights
    python scripts/clip/openai_archive.py --weights clip.safetensors --config config.json --dtype float32 --out clip.pt

Module, parameter and buffer names are OpenAI's, and so are the traits that make those files awkward: the weights of
matrices are fp16 while embeddings and layer norms are fp32, the device "cuda:0" and the dtype are constants inside the
graphs (so its methods fail without a GPU; the parameters must be read instead), `input_resolution`, `context_length`
and `vocab_size` are 0-d tensors in the state dict, and head counts stand nowhere (width / 64 is meant).
Here they are added as the integer attributes `vision_heads` and `transformer_heads`, unless --no-heads.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from export import save_archive
from model import VIT_B_32, Clip, ClipConfig
from weights import build, openai_names, read_config, read_tensors

# OpenAI converts these to half precision and leaves embeddings and layer norms as they are.
HALF_MODULES = (".conv1.", ".attn.", ".mlp.")
HALF_NAMES = ("visual.proj", "text_projection")


class Multimodal(nn.Module):
    """The layout of OpenAI's archives: no embed_tokens, no encode_embeddings, one baked device and dtype."""

    device: torch.jit.Final[torch.device]
    dtype: torch.jit.Final[torch.dtype]

    def __init__(self, model: Clip, config: ClipConfig, device: str, dtype: torch.dtype):
        super().__init__()
        self.visual = model.visual
        self.transformer = model.transformer
        self.token_embedding = model.token_embedding
        self.ln_final = model.ln_final
        self.positional_embedding = model.positional_embedding
        self.text_projection = model.text_projection
        self.logit_scale = model.logit_scale
        self.device = torch.device(device)
        self.dtype = dtype
        for name, value in (
            ("input_resolution", config.image_resolution),
            ("context_length", config.context_length),
            ("vocab_size", config.vocab_size),
        ):
            self.register_buffer(name, torch.tensor(value))

    @torch.jit.export
    def encode_image(self, image: Tensor) -> Tensor:
        return self.visual(image.to(device=self.device, dtype=self.dtype))

    @torch.jit.export
    def encode_text(self, text: Tensor) -> Tensor:
        x = self.token_embedding(text.to(self.device)).to(self.dtype) + self.positional_embedding.to(self.dtype)
        x = self.ln_final(self.transformer(x))
        rows = torch.arange(x.shape[0], device=self.device)
        return x[rows, text.argmax(dim=-1)] @ self.text_projection.to(self.dtype)

    def forward(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        pictures, texts = self.encode_image(image), self.encode_text(text)
        pictures = pictures / pictures.norm(p=2, dim=-1, keepdim=True)
        texts = texts / texts.norm(p=2, dim=-1, keepdim=True)
        logits = self.logit_scale.exp() * pictures @ texts.t()
        return logits, logits.t()


def halve(model: Clip) -> Clip:
    for name, parameter in model.named_parameters():
        if name in HALF_NAMES or (any(part in name for part in HALF_MODULES)):
            parameter.data = parameter.data.half()
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="weights to store (default: random ones)")
    parser.add_argument("--token-embedding", type=Path, help="file of token_embedding.weight, where apart")
    parser.add_argument("--config", type=Path, help="sizes as JSON (default: ViT-B/32)")
    parser.add_argument("--seed", type=int, default=0, help="of random weights (default: 0)")
    parser.add_argument("--dtype", choices=["float16", "float32"], default="float16", help="(default: float16)")
    parser.add_argument("--device", default="cuda:0", help="baked into the graphs (default: cuda:0)")
    parser.add_argument("--no-heads", action="store_true", help="store no head counts, exactly as OpenAI's files")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    config = read_config(options.config) if options.config else VIT_B_32
    if options.weights:
        tensors = read_tensors(options.weights)
        if options.token_embedding:
            tensors.update(read_tensors(options.token_embedding))
        model = build(config, openai_names(tensors))
    else:
        model = Clip(config).eval().requires_grad_(False)
    dtype = getattr(torch, options.dtype)
    archive = Multimodal(halve(model) if dtype == torch.float16 else model, config, options.device, dtype)
    if not options.no_heads:
        archive.vision_heads = config.vision_heads
        archive.transformer_heads = config.transformer_heads
    save_archive(torch.jit.script(archive.eval()), options.out)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
