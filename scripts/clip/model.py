"""CLIP (Radford et al. 2021) with a vision transformer: the modules that the exporter and the demo training share.

Parameter names are those of OpenAI's weights, so a state dict of theirs loads as it is. Everything is written to
compile under TorchScript. Weights may be stored in another precision than the activations: every layer widens (or
narrows) its weight to the dtype of its input, which costs nothing where the two agree.
"""

from dataclasses import dataclass
from typing import List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Channel statistics of CLIP's training pictures, in RGB order for pixels in 0..1.
MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


@dataclass(frozen=True)
class ClipConfig:
    """Sizes of a CLIP. The defaults that matter for reading weights are those of OpenAI's models."""

    embed_dim: int
    image_resolution: int
    vision_layers: int
    vision_width: int
    vision_heads: int
    vision_patch_size: int
    context_length: int
    vocab_size: int
    transformer_width: int
    transformer_heads: int
    transformer_layers: int
    activation: str = "quick_gelu"  # or "gelu", which most open_clip models use
    vision_input_norm: bool = True  # False: no normalisation before the first block, as in DeiT


VIT_B_32 = ClipConfig(
    embed_dim=512,
    image_resolution=224,
    vision_layers=12,
    vision_width=768,
    vision_heads=12,
    vision_patch_size=32,
    context_length=77,
    vocab_size=49408,
    transformer_width=512,
    transformer_heads=8,
    transformer_layers=12,
)


class LayerNorm(nn.Module):
    """Layer normalisation over the last dimension, computed in float32 whatever the input is."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        normal = F.layer_norm(x.float(), self.weight.shape, self.weight.float(), self.bias.float(), 1e-5)
        return normal.to(x.dtype)


class Linear(nn.Module):
    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * inputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight.to(x.dtype), self.bias.to(x.dtype))


class PatchEmbedding(nn.Module):
    """Pixels [B,3,S,S] → one vector a patch [B,P,width], row-major, without bias."""

    def __init__(self, width: int, patch: int):
        super().__init__()
        self.patch = patch
        self.weight = nn.Parameter(torch.randn(width, 3, patch, patch) * (3 * patch * patch) ** -0.5)

    def forward(self, pixels: Tensor) -> Tensor:
        grid = F.conv2d(pixels, self.weight.to(pixels.dtype), stride=self.patch)
        return grid.flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention with one packed projection for queries, keys and values."""

    def __init__(self, width: int, heads: int, causal: bool):
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width**-0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = Linear(width, width)

    def heads_of(self, x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values [B,heads,N,width/heads]."""
        batch, length, width = x.shape
        packed = F.linear(x, self.in_proj_weight.to(x.dtype), self.in_proj_bias.to(x.dtype))
        heads = packed.view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        return heads[0], heads[1], heads[2]

    def merge(self, attended: Tensor) -> Tensor:
        return self.out_proj(attended.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.heads_of(x)
        return self.merge(F.scaled_dot_product_attention(query, key, value, is_causal=self.causal))

    @torch.jit.export
    def traced(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """As `forward`, without a mask, and the attention [B,N,N], mean over heads."""
        query, key, value = self.heads_of(x)
        weights = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(dim=-1)
        return self.merge(weights @ value), weights.mean(dim=1)


class FeedForward(nn.Module):
    quick: torch.jit.Final[bool]  # a constant, so that the code of an archive holds the one activation that it computes

    def __init__(self, width: int, activation: str):
        super().__init__()
        self.quick = activation == "quick_gelu"
        self.c_fc = Linear(width, 4 * width)
        self.c_proj = Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.c_fc(x)
        hidden = hidden * torch.sigmoid(1.702 * hidden) if self.quick else F.gelu(hidden)
        return self.c_proj(hidden)


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width: int, heads: int, causal: bool, activation: str):
        super().__init__()
        self.attn = Attention(width, heads, causal)
        self.ln_1 = LayerNorm(width)
        self.mlp = FeedForward(width, activation)
        self.ln_2 = LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))

    @torch.jit.export
    def traced(self, x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        """What the first normalisation gives [B,N,W], the attention [B,N,N], and what the block gives [B,N,W]."""
        normed = self.ln_1(x)
        attended, attention = self.attn.traced(normed)
        x = x + attended
        return normed, attention, x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width: int, layers: int, heads: int, causal: bool, activation: str):
        super().__init__()
        self.resblocks = nn.Sequential(*[Block(width, heads, causal, activation) for _ in range(layers)])

    def forward(self, x: Tensor) -> Tensor:
        return self.resblocks(x)

    @torch.jit.export
    def traced(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """Of every block what it gives [L,B,N,W], and its attention [L,B,N,N]."""
        tokens: List[Tensor] = []
        attention: List[Tensor] = []
        for block in self.resblocks:
            _, weights, x = block.traced(x)
            tokens.append(x)
            attention.append(weights)
        return torch.stack(tokens), torch.stack(attention)

    @torch.jit.export
    def last(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """What the last block's first normalisation gives, and what the block gives."""
        normed, _, x = self.resblocks[-1].traced(x)
        return normed, x


class VisionTransformer(nn.Module):
    """Normalised pixels [B,3,S,S] → features [B,embed_dim] read from the class token."""

    def __init__(self, config: ClipConfig):
        super().__init__()
        width = config.vision_width
        self.patch = config.vision_patch_size
        self.side = config.image_resolution // config.vision_patch_size
        patches = self.side**2
        self.conv1 = PatchEmbedding(width, config.vision_patch_size)
        self.class_embedding = nn.Parameter(torch.randn(width) * width**-0.5)
        self.positional_embedding = nn.Parameter(torch.randn(patches + 1, width) * width**-0.5)
        self.ln_pre = LayerNorm(width) if config.vision_input_norm else nn.Identity()
        self.transformer = Transformer(width, config.vision_layers, config.vision_heads, False, config.activation)
        self.ln_post = LayerNorm(width)
        self.proj = nn.Parameter(torch.randn(width, config.embed_dim) * width**-0.5)

    def embed(self, pixels: Tensor) -> Tensor:
        """What the first block takes [B,1+P,width], for pictures of any size: positions are resized to their grid."""
        rows, columns = pixels.shape[2] // self.patch, pixels.shape[3] // self.patch
        patches = self.conv1(pixels)
        token = self.class_embedding.to(pixels.dtype).expand(patches.shape[0], 1, patches.shape[2])
        return self.ln_pre(torch.cat([token, patches], dim=1) + self.positions(rows, columns).to(pixels.dtype))

    def positions(self, rows: int, columns: int) -> Tensor:
        table = self.positional_embedding
        if rows == self.side and columns == self.side:
            return table
        grid = table[1:].float().view(1, self.side, self.side, -1).permute(0, 3, 1, 2)
        resized = F.interpolate(grid, size=[rows, columns], mode="bilinear", align_corners=False)
        return torch.cat([table[:1].float(), resized[0].flatten(1).t()])

    def tokens(self, pixels: Tensor) -> Tensor:
        return self.transformer(self.embed(pixels))

    def project(self, tokens: Tensor) -> Tensor:
        return self.ln_post(tokens) @ self.proj.to(tokens.dtype)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.project(self.tokens(pixels)[:, 0])

    def patches(self, pixels: Tensor) -> Tensor:
        """One feature a patch [B,P,embed_dim], row-major: for heat maps."""
        return self.project(self.tokens(pixels)[:, 1:])


class TokenEmbedding(nn.Module):
    """One vector a token id.

    With `index` [vocab_size] the table holds only the rows that were trained: the id's row is `index[id]`, and all
    the untrained ids share one row.
    """

    index: Optional[Tensor]

    def __init__(self, rows: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, width) * 0.02)
        self.register_buffer("index", None)

    def forward(self, ids: Tensor) -> Tensor:
        index = self.index
        rows = ids if index is None else index[ids].to(torch.int64)
        return F.embedding(rows, self.weight)


class Clip(nn.Module):
    """The two towers, with the interface that semples asks of a TorchScript CLIP."""

    image_size: int
    patch_size: int
    context_length: int
    mean: List[float]
    std: List[float]
    trained_tokens: List[int]

    def __init__(self, config: ClipConfig):
        super().__init__()
        self.image_size = config.image_resolution
        self.patch_size = config.vision_patch_size
        self.context_length = config.context_length
        self.mean = MEAN
        self.std = STD
        # The token ids that training saw, ascending; empty where all were seen.
        self.trained_tokens = []
        width = config.transformer_width
        self.visual = VisionTransformer(config)
        self.transformer = Transformer(
            width, config.transformer_layers, config.transformer_heads, True, config.activation
        )
        self.token_embedding = TokenEmbedding(config.vocab_size, width)
        self.positional_embedding = nn.Parameter(torch.randn(config.context_length, width) * 0.01)
        self.ln_final = LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, config.embed_dim) * width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def forward(self, pixels: Tensor) -> Tensor:
        return self.encode_image(pixels)

    @torch.jit.export
    def encode_image(self, pixels: Tensor) -> Tensor:
        """Normalised pixels [B,3,image_size,image_size] → features [B,D], not normalised."""
        return self.visual(pixels)

    @torch.jit.export
    def encode_patches(self, pixels: Tensor) -> Tensor:
        """Normalised pixels [B,3,image_size,image_size] → a feature a patch [B,P,D], not normalised."""
        return self.visual.patches(pixels)

    @torch.jit.export
    def encode_blocks(self, pixels: Tensor) -> Tuple[Tensor, Tensor]:
        """Normalised pixels [B,3,H,W], whole patches → tokens [L,B,1+P,W] that each block of the image tower gives, and
        its attention [L,B,1+P,1+P], mean over heads."""
        return self.visual.transformer.traced(self.visual.embed(pixels))

    @torch.jit.export
    def finish_block(self, tokens: Tensor) -> Tuple[Tensor, Tensor]:
        """Tokens [B,1+P,W] as the last block but one gives them → what the last block's first normalisation gives
        [B,1+P,W], and every token through that block and the projection [B,1+P,D]."""
        normed, tokens = self.visual.transformer.last(tokens)
        return normed, self.visual.project(tokens)

    @torch.jit.export
    def embed_tokens(self, ids: Tensor) -> Tensor:
        """Token ids [B,L] int64 → embeddings [B,L,W], without the positional part."""
        # Activations take the precision of the layer norms, which stay float32 in mixed archives.
        return self.token_embedding(ids).to(self.ln_final.weight.dtype)

    @torch.jit.export
    def encode_embeddings(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """Token embeddings [B,L,W] and the position [B] of the end token → features [B,D], not normalised."""
        # The causal mask hides everything behind the end token from it: what lies there need not be computed.
        length = int(end.max()) + 1
        x = embeddings[:, :length] + self.positional_embedding[:length].to(embeddings.dtype)
        x = self.transformer(x)
        rows = torch.arange(x.shape[0], device=x.device)
        return self.ln_final(x[rows, end]) @ self.text_projection.to(embeddings.dtype)

    @torch.jit.export
    def encode_text(self, ids: Tensor) -> Tensor:
        """Token ids [B,L] int64 → features [B,D]; the end token is the largest id, at its first occurrence."""
        return self.encode_embeddings(self.embed_tokens(ids), ids.argmax(dim=-1))
