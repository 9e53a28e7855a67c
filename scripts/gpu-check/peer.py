"""The same generator and training step in plain PyTorch, as people write it: what our times are compared with."""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'clip'))
from model import Clip, ClipConfig  # noqa: E402

PREFIX, FULL_STOP, END = [49406, 320, 1125, 539], 13, 49407  # "a photo of", '.', end of text


class PeerGenerator:
    """WeakTr (arXiv 2304.01184) on a DeiT: state names are those of its checkpoints."""

    def __init__(self, state: dict[str, Tensor], depth: int, heads: int, classes: int, patch: int):
        self.state, self.depth, self.heads, self.classes, self.patch = dict(state), depth, heads, classes, patch

    def head_parameters(self) -> list[str]:
        return [name for name in self.state if name.startswith(('head.', 'adaptive_attention_fusion.'))]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Maps [B, C, h, w] and scores [B, C]; the patch tokens are detached before the head."""
        w, classes = self.state, self.classes
        grid = F.conv2d(images, w['patch_embed.proj.weight'], w['patch_embed.proj.bias'], stride=self.patch)
        tokens = torch.cat([w['cls_token'].expand(len(images), -1, -1), grid.flatten(2).transpose(1, 2)], 1) + w['pos_embed']
        attentions, branches = [], []
        for layer in range(self.depth):
            tokens, attention, branch = self.block(tokens, f'blocks.{layer}.')
            attentions.append(attention)
            branches.append(branch)
        scores, patches = tokens[:, :classes].mean(-1), tokens[:, classes:].detach()
        features = patches.transpose(1, 2).reshape(len(images), -1, *grid.shape[2:])
        coarse = F.relu(F.conv2d(features, w['head.weight'], w['head.bias'], padding=1))
        return self.refine(coarse, attentions, branches), scores

    def block(self, x: Tensor, prefix: str) -> tuple[Tensor, Tensor, Tensor]:
        w = {name[len(prefix):]: tensor for name, tensor in self.state.items() if name.startswith(prefix)}
        batch, count, width = x.shape
        normed = F.layer_norm(x, (width,), w['norm1.weight'], w['norm1.bias'], 1e-6)
        qkv = F.linear(normed, w['attn.qkv.weight'], w['attn.qkv.bias'])
        query, key, value = qkv.view(batch, count, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        attention = (query @ key.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(-1)
        branch = F.linear((attention @ value).transpose(1, 2).flatten(2), w['attn.proj.weight'], w['attn.proj.bias'])
        x = x + branch
        normed = F.layer_norm(x, (width,), w['norm2.weight'], w['norm2.bias'], 1e-6)
        hidden = F.gelu(F.linear(normed, w['mlp.fc1.weight'], w['mlp.fc1.bias']))
        return x + F.linear(hidden, w['mlp.fc2.weight'], w['mlp.fc2.bias']), attention.detach(), branch.detach()

    def refine(self, coarse: Tensor, attentions: list[Tensor], branches: list[Tensor]) -> Tensor:
        w = {name[len('adaptive_attention_fusion.'):]: tensor for name, tensor in self.state.items()
             if name.startswith('adaptive_attention_fusion.')}
        batch, classes = coarse.shape[:2]
        pooled = [branch.amax(1).view(batch, -1, self.heads).transpose(1, 2) for branch in branches]
        features = torch.stack(pooled, 2).flatten(1, 2)
        scores = F.linear(F.linear(features, w['attn_feat_ffn.0.weight'], w['attn_feat_ffn.0.bias']),
                          w['attn_feat_ffn.1.weight'], w['attn_feat_ffn.1.bias']).squeeze(-1)
        weights = F.linear(F.relu(F.linear(scores, w['attn_head_ffn.0.weight'])), w['attn_head_ffn.2.weight']).sigmoid()
        maps = torch.stack(attentions, 2).flatten(1, 2)  # [B, heads * layers, N, N]
        fused = (weights[..., None, None] * maps).mean(1)
        cross = fused[:, :classes, classes:].reshape_as(coarse)
        between = fused[:, classes:, classes:]
        return ((cross * coarse).flatten(2) @ between.transpose(1, 2)).view_as(coarse)


def encode_prompts(clip: Clip, vectors: Tensor) -> Tensor:
    count, length, _ = vectors.shape
    end = len(PREFIX) + length + 1
    tail = [FULL_STOP, END] + [0] * (clip.context_length - end - 1)
    before, after = (clip.embed_tokens(torch.tensor([ids], device=vectors.device)) for ids in (PREFIX, tail))
    sequence = torch.cat([before.expand(count, -1, -1), vectors, after.expand(count, -1, -1)], 1)
    return clip.encode_embeddings(sequence, torch.full((count,), end, device=vectors.device))


def contrast(first: Tensor, second: Tensor) -> Tensor:
    return (first * second).sum(-1).clamp(1e-4, 0.9999)


class PeerTrainer:
    """The stages a, b, c with AdamW of torch."""

    def __init__(self, letter: str, hypers: list[float], generator: PeerGenerator, clip: Clip, prompts: Tensor,
                 ids: Tensor, weight_decay: float):
        self.letter, self.hypers, self.generator, self.clip = letter, hypers, generator, clip
        self.prompts = prompts.clone().requires_grad_(letter == 'b')
        names = [] if letter == 'b' else generator.head_parameters()
        for name in names:
            generator.state[name] = generator.state[name].clone().requires_grad_()
        trained = [self.prompts] if letter == 'b' else [generator.state[name] for name in names]
        self.optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=weight_decay)
        with torch.no_grad():
            self.text = F.normalize(clip.encode_text(ids), dim=-1)
            self.fixed = F.normalize(encode_prompts(clip, self.prompts), dim=-1) if letter == 'c' else None

    def loss(self, images: Tensor, labels: Tensor) -> Tensor:
        with torch.set_grad_enabled(self.letter != 'b'):
            maps, _ = self.generator.forward(images)
        picture, label = labels.nonzero(as_tuple=True)
        own = F.interpolate(maps[picture, label][:, None], images.shape[2:], mode='bilinear', align_corners=True)
        low, high = own.amin((2, 3), keepdim=True), own.amax((2, 3), keepdim=True)
        masks = (own - low) / (high - low + (1e-4 if self.letter == 'b' else 0.1))
        cut, text = images[picture], self.text[label]
        if self.letter == 'b':
            background = F.normalize(self.clip.encode_image(cut * (1 - masks)), dim=-1)
            present, place = label.unique(return_inverse=True)
            prompt = F.normalize(encode_prompts(self.clip, self.prompts[present]), dim=-1)[place]
            return -contrast(background, prompt).log().mean() + self.hypers[0] * contrast(text, prompt).log().mean()
        both = torch.cat([cut * masks, cut * (1 - masks)])
        foreground, background = F.normalize(self.clip.encode_image(both), dim=-1).chunk(2)
        loss = -contrast(foreground, text).log().mean() - self.hypers[0] * (1 - contrast(background, text)).log().mean()
        if self.letter == 'c':
            loss = loss - self.hypers[1] * (1 - contrast(foreground, self.fixed[label])).log().mean()
        return loss

    def step(self, images: Tensor, labels: Tensor, rate: float) -> float:
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        self.optimizer.zero_grad()
        loss = self.loss(images, labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def random_clip(config: ClipConfig, device: str) -> Clip:
    torch.manual_seed(1)
    clip = Clip(config).requires_grad_(False).eval()
    # All features share a direction: similarities are then about 1/2, where losses have gradients, as those of a trained
    # CLIP do, instead of about 0, where the logarithm ends.
    shared = torch.randn(config.embed_dim)
    clip.visual.ln_post.bias.copy_(clip.visual.proj @ shared)
    clip.ln_final.bias.copy_(clip.text_projection @ shared)
    return clip.to(device)
