"""A small vision transformer on torch's own layers: its weights under several names, a picture, and what comes out.

vits.py FOLDER
"""
import sys
import torch
from torch import nn
from torch.nn import functional
from safetensors.torch import save_file

folder = sys.argv[1]
torch.manual_seed(3)
width, depth, heads, patch, side = 16, 2, 2, 8, 4


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(width, 64), nn.GELU(), nn.Dropout(0.0), nn.Linear(64, width))

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.randn(1, 1 + side * side, width))
        self.layers = nn.ModuleDict({f"encoder_layer_{i}": Block() for i in range(depth)})
        self.ln = nn.LayerNorm(width, eps=1e-6)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.class_token = nn.Parameter(torch.randn(1, 1, width))
        self.conv_proj = nn.Conv2d(3, width, patch, patch)
        self.encoder = Encoder()

    def forward(self, images):
        patches = self.conv_proj(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(images), -1, -1), patches], 1) + self.encoder.pos_embedding
        for block in self.encoder.layers.values():
            tokens = block(tokens)
        return tokens[:, 1:].transpose(1, 2).unflatten(2, (side, side))


network = Network().eval()
with torch.no_grad():
    for parameter in network.parameters():
        parameter.add_(0.3 * torch.randn_like(parameter))
    images = torch.randn(1, 3, patch * side, patch * side)
    features = network(images)

state = {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
save_file(state, f"{folder}/torchvision.safetensors")

hugging_face = {
    "vit.embeddings.cls_token": state["class_token"],
    "vit.embeddings.position_embeddings": state["encoder.pos_embedding"],
    "vit.layernorm.weight": state["encoder.ln.weight"],
    "vit.layernorm.bias": state["encoder.ln.bias"],
}
for kind in ("weight", "bias"):
    hugging_face[f"vit.embeddings.patch_embeddings.projection.{kind}"] = state[f"conv_proj.{kind}"]
    for i in range(depth):
        block, layer = f"encoder.layers.encoder_layer_{i}.", f"vit.encoder.layer.{i}."
        parts = state[f"{block}self_attention.in_proj_{kind}"].chunk(3)
        for part, tensor in zip(("query", "key", "value"), parts):
            hugging_face[f"{layer}attention.attention.{part}.{kind}"] = tensor.clone()
        hugging_face[f"{layer}attention.output.dense.{kind}"] = state[f"{block}self_attention.out_proj.{kind}"]
        hugging_face[f"{layer}layernorm_before.{kind}"] = state[f"{block}ln_1.{kind}"]
        hugging_face[f"{layer}layernorm_after.{kind}"] = state[f"{block}ln_2.{kind}"]
        hugging_face[f"{layer}intermediate.dense.{kind}"] = state[f"{block}mlp.0.{kind}"]
        hugging_face[f"{layer}output.dense.{kind}"] = state[f"{block}mlp.3.{kind}"]
save_file({name: tensor.clone() for name, tensor in hugging_face.items()}, f"{folder}/huggingFace.safetensors")
save_file({"images": images, "features": features.contiguous()}, f"{folder}/output.safetensors")

tables = {}
for rows, to in ((14, 28), (14, 24), (16, 14), (2, 5), (5, 1), (1, 3)):
    table = torch.randn(1, rows * rows, 6)
    grid = table.transpose(1, 2).unflatten(2, (rows, rows))
    resized = functional.interpolate(grid, size=(to, to), mode="bicubic", align_corners=False)
    tables[f"{rows} {to} from"] = table.contiguous()
    tables[f"{rows} {to} to"] = resized.flatten(2).transpose(1, 2).contiguous()
save_file(tables, f"{folder}/tables.safetensors")
