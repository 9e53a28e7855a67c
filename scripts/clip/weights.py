"""Reads CLIP weights and configurations written by others into OpenAI's names and our ClipConfig."""

import json
from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from model import Clip, ClipConfig

StateDict = dict[str, Tensor]

# Hugging Face's layer names on the left, OpenAI's on the right; q, k and v are packed separately.
HUGGING_FACE_LAYERS = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
HUGGING_FACE_TOP = {
    "logit_scale": "logit_scale",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
    "text_model.embeddings.position_embedding.weight": "positional_embedding",
    **{
        f"{theirs}.{part}": f"{ours}.{part}"
        for theirs, ours in {
            "vision_model.pre_layrnorm": "visual.ln_pre",  # spelt like this in their weights
            "vision_model.post_layernorm": "visual.ln_post",
            "text_model.final_layer_norm": "ln_final",
        }.items()
        for part in ("weight", "bias")
    },
}


def read_tensors(path: Path) -> StateDict:
    """Every tensor of a .safetensors file, a TorchScript archive, or a pickled state dict (read without running it)."""
    if path.suffix == ".safetensors":
        return load_file(path)
    try:
        return dict(torch.jit.load(path, map_location="cpu").state_dict())
    except RuntimeError:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    return stored.get("state_dict", stored)


def openai_names(tensors: StateDict) -> StateDict:
    """The same weights under OpenAI's names, whichever of OpenAI, open_clip and Hugging Face wrote them."""
    tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    if any(name.startswith("vision_model.") for name in tensors):
        return _from_hugging_face(tensors)
    renamed = {}
    for name, tensor in tensors.items():
        name = name.removeprefix("text.")  # open_clip's CustomTextCLIP
        if name not in ("input_resolution", "context_length", "vocab_size", "attn_mask"):
            renamed[name] = tensor
    return renamed


def _from_hugging_face(tensors: StateDict) -> StateDict:
    renamed = {ours: tensors[theirs] for theirs, ours in HUGGING_FACE_TOP.items() if theirs in tensors}
    renamed["visual.proj"] = tensors["visual_projection.weight"].T.contiguous()
    renamed["text_projection"] = tensors["text_projection.weight"].T.contiguous()
    for theirs, ours in (("vision_model", "visual.transformer"), ("text_model", "transformer")):
        layer = 0
        while f"{theirs}.encoder.layers.{layer}.layer_norm1.weight" in tensors:
            source, target = f"{theirs}.encoder.layers.{layer}.", f"{ours}.resblocks.{layer}."
            for part in ("weight", "bias"):
                for their_name, our_name in HUGGING_FACE_LAYERS.items():
                    renamed[f"{target}{our_name}.{part}"] = tensors[f"{source}{their_name}.{part}"]
                packed = [tensors[f"{source}self_attn.{name}_proj.{part}"] for name in "qkv"]
                renamed[f"{target}attn.in_proj_{part}"] = torch.cat(packed)
            layer += 1
    return renamed


def read_config(path: Path) -> ClipConfig:
    """A configuration in our flat form, in open_clip's (`vision_cfg`) or in Hugging Face's (`vision_config`)."""
    stored = json.loads(path.read_text())
    stored = stored.get("model_cfg", stored)
    if "vision_cfg" in stored:
        return open_clip_config(stored)
    if "vision_config" in stored:
        return hugging_face_config(stored)
    known = {field.name for field in fields(ClipConfig)}
    try:
        return ClipConfig(**{key: value for key, value in stored.items() if key in known})
    except TypeError as error:
        raise SystemExit(f"{path}: {error}. Expected the keys {', '.join(sorted(known))}.") from error


def open_clip_config(stored: dict) -> ClipConfig:
    vision, text = stored["vision_cfg"], stored["text_cfg"]
    if not isinstance(vision["layers"], int):
        raise SystemExit("Only CLIPs with a vision transformer can be exported; this configuration is a ResNet.")
    return ClipConfig(
        embed_dim=stored["embed_dim"],
        image_resolution=vision["image_size"],
        vision_layers=vision["layers"],
        vision_width=vision["width"],
        vision_heads=vision["width"] // vision.get("head_width", 64),
        vision_patch_size=vision["patch_size"],
        context_length=text["context_length"],
        vocab_size=text["vocab_size"],
        transformer_width=text["width"],
        transformer_heads=text["heads"],
        transformer_layers=text["layers"],
        activation="quick_gelu" if stored.get("quick_gelu") else "gelu",
    )


def made_with_quick_gelu(model: torch.nn.Module) -> bool:
    """Which activation a CLIP of open_clip was made with: its name does not say it, since OpenAI's weights get
    QuickGELU under every name."""
    activations = {type(part).__name__ for part in model.modules() if "GELU" in type(part).__name__}
    if len(activations) != 1:
        raise SystemExit(f"The activations of this CLIP are not all alike: {', '.join(sorted(activations)) or 'none'}.")
    return activations == {"QuickGELU"}


def hugging_face_config(stored: dict) -> ClipConfig:
    vision, text = stored["vision_config"], stored["text_config"]
    # Their files leave out what equals the defaults of their ViT-B/32.
    return ClipConfig(
        embed_dim=stored.get("projection_dim", 512),
        image_resolution=vision.get("image_size", 224),
        vision_layers=vision.get("num_hidden_layers", 12),
        vision_width=vision.get("hidden_size", 768),
        vision_heads=vision.get("num_attention_heads", 12),
        vision_patch_size=vision.get("patch_size", 32),
        context_length=text.get("max_position_embeddings", 77),
        vocab_size=text.get("vocab_size", 49408),
        transformer_width=text.get("hidden_size", 512),
        transformer_heads=text.get("num_attention_heads", 8),
        transformer_layers=text.get("num_hidden_layers", 12),
        activation=vision.get("hidden_act", "quick_gelu"),
    )


def infer_config(tensors: StateDict) -> ClipConfig:
    """What the shapes of weights under OpenAI's names tell; heads are taken to be 64 wide, as in all of OpenAI's."""
    vision_width, _, patch, _ = tensors["visual.conv1.weight"].shape
    grid = round((tensors["visual.positional_embedding"].shape[0] - 1) ** 0.5)
    context, text_width = tensors["positional_embedding"].shape
    count = {
        prefix: len([name for name in tensors if name.startswith(prefix) and name.endswith("ln_1.weight")])
        for prefix in ("visual.transformer.", "transformer.")
    }
    return ClipConfig(
        embed_dim=tensors["text_projection"].shape[1],
        image_resolution=grid * patch,
        vision_layers=count["visual.transformer."],
        vision_width=vision_width,
        vision_heads=max(vision_width // 64, 1),
        vision_patch_size=patch,
        context_length=context,
        vocab_size=tensors["token_embedding.weight"].shape[0],
        transformer_width=text_width,
        transformer_heads=max(text_width // 64, 1),
        transformer_layers=count["transformer."],
    )


def build(config: ClipConfig, tensors: StateDict, dtype: torch.dtype | None = torch.float32) -> Clip:
    """A CLIP with these weights, in eval mode and without gradients for them; `dtype` None keeps each one's own."""
    model = Clip(config)
    own = model.state_dict()
    tensors = dict(tensors)
    model.token_embedding.index = tensors.pop("token_embedding.index", None)
    optional = {"logit_scale"}
    missing = sorted(set(own) - set(tensors) - optional)
    unknown = sorted(set(tensors) - set(own) - optional)
    wrong = [
        f"{name} {tuple(tensors[name].shape)}, configured {tuple(own[name].shape)}"
        for name in sorted(set(own) & set(tensors))
        if tensors[name].shape != own[name].shape
    ]
    problems = {"missing": missing, "unknown": unknown, "of another shape": wrong}
    if any(problems.values()):
        found = "; ".join(f"{len(names)} {kind} ({', '.join(names[:4])})" for kind, names in problems.items() if names)
        raise SystemExit(f"The weights do not fit the configuration: {found}.")
    loaded = {name: tensor if dtype is None else tensor.to(dtype) for name, tensor in tensors.items()}
    model.load_state_dict({**own, **loaded}, strict=False, assign=True)
    return model.eval().requires_grad_(False)
