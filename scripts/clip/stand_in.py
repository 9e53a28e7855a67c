"""A stand-in for CLIP made of an image classifier: pooled features for pictures, a table of word vectors for texts.

It has the interface of a CLIP and no more: it knows the words of its table, and adds the vectors of the words of a
text. It is not the CLIP of any paper, and gives no published figure.
"""

from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lite0 import FEATURES, PIXEL_MEAN, PIXEL_STD, Lite0
from photographs import MEAN, STD

VOCABULARY, CONTEXT = 49408, 77


class StandIn(nn.Module):
    image_size: int
    context_length: int
    mean: List[float]
    std: List[float]
    trained_tokens: List[int]

    def __init__(self, network: Lite0, center: Tensor, table: dict[int, Tensor], image_size: int):
        """`center` [1280]: what is subtracted from features. `table`: token id → vector [1280]; all others are zero."""
        super().__init__()
        self.network = network
        self.image_size = image_size
        self.context_length = CONTEXT
        self.mean = MEAN
        self.std = STD
        self.trained_tokens = sorted(table)
        # ImageNet's normalisation undone and that of the network applied, in one step.
        scale, shift = torch.tensor(STD) / PIXEL_STD, (torch.tensor(MEAN) - PIXEL_MEAN) / PIXEL_STD
        self.register_buffer("scale", scale.view(1, 3, 1, 1))
        self.register_buffer("shift", shift.view(1, 3, 1, 1))
        self.register_buffer("center", center.clone())
        index = torch.zeros(VOCABULARY, dtype=torch.int16)
        index[torch.tensor(self.trained_tokens)] = torch.arange(1, len(table) + 1, dtype=torch.int16)
        self.register_buffer("index", index)
        rows = [torch.zeros(FEATURES)] + [table[token] for token in self.trained_tokens]
        self.register_buffer("rows", torch.stack(rows))

    def forward(self, pixels: Tensor) -> Tensor:
        return self.encode_image(pixels)

    @torch.jit.export
    def encode_image(self, pixels: Tensor) -> Tensor:
        """ImageNet-normalised pixels [B,3,S,S] → features [B,1280], not normalised."""
        return self.network(self.prepared(pixels)) - self.center

    @torch.jit.export
    def encode_patches(self, pixels: Tensor) -> Tensor:
        """A feature for each place of the last map [B,P,1280], row-major; their mean is that of the picture."""
        return self.network.layers(self.prepared(pixels)).flatten(2).transpose(1, 2) - self.center

    def prepared(self, pixels: Tensor) -> Tensor:
        """What the network wants of ImageNet-normalised pixels; channels last, which saves a fifth of the time."""
        return (pixels * self.scale + self.shift).contiguous(memory_format=torch.channels_last)

    @torch.jit.export
    def embed_tokens(self, ids: Tensor) -> Tensor:
        """Token ids [B,L] int64 → word vectors [B,L,1280]."""
        return F.embedding(self.index[ids].to(torch.int64), self.rows)

    @torch.jit.export
    def encode_embeddings(self, embeddings: Tensor, end: Tensor) -> Tensor:
        """The sum of the vectors [B,L,1280] up to each text's `end` [B] → features [B,1280]."""
        places = torch.arange(embeddings.shape[1], device=embeddings.device)
        inside = (places[None, :] <= end[:, None]).to(embeddings.dtype)
        return (embeddings * inside[:, :, None]).sum(1)

    @torch.jit.export
    def encode_text(self, ids: Tensor) -> Tensor:
        return self.encode_embeddings(self.embed_tokens(ids), ids.argmax(dim=-1))


def token_table(names: dict[str, Tensor], ids: list[list[int]]) -> dict[int, Tensor]:
    """Vectors of tokens such that those of a name's tokens add up to the name's vector.

    A name's vector lies on its first token. Where that cannot be, since names share tokens, the later tokens of
    these names take part too: the smallest vectors (least squares) whose sums are right. `ids[i]` are the tokens of
    the i-th name.
    """
    wanted = torch.stack(list(names.values())).double()
    depth = [1] * len(ids)
    while True:
        tokens = sorted({token for own, used in zip(ids, depth) for token in own[:used]})
        counts = torch.tensor([[float(own.count(token)) for token in tokens] for own in ids], dtype=torch.float64)
        vectors = torch.linalg.pinv(counts) @ wanted
        wrong = ((counts @ vectors - wanted).norm(dim=1) > 1e-6 * wanted.norm(dim=1)).nonzero()[:, 0].tolist()
        if not wrong:
            return {token: vector.float() for token, vector in zip(tokens, vectors)}
        deeper = [min(used + (i in wrong), len(own)) for i, (used, own) in enumerate(zip(depth, ids))]
        if deeper == depth:
            lost = ", ".join(list(names)[i] for i in wrong)
            raise SystemExit(f"The tokens of these names leave no room for different vectors: {lost}.")
        depth = deeper
