"""Writes weights with OpenAI's names as other programs would write them.

    python test/clip/save_weights.py --weights weights.safetensors --config clip_config.json --form hugging-face --out FOLDER

Prints the path of the file to open. The config in the form of each publisher lies beside it.
"""

import argparse
import json
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

INTEGERS = {"input_resolution": "image_resolution", "context_length": "context_length", "vocab_size": "vocab_size"}
LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}
TOP = {
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "logit_scale": "logit_scale",
}
NORMS = {
    "visual.ln_pre": "vision_model.pre_layrnorm",
    "visual.ln_post": "vision_model.post_layernorm",
    "ln_final": "text_model.final_layer_norm",
}


def hugging_face(weights):
    """As transformers' CLIPModel names them."""
    named = {}
    for name, tensor in weights.items():
        stem, _, kind = name.rpartition(".")
        if name in TOP:
            named[TOP[name]] = tensor
        elif stem in NORMS:
            named[f"{NORMS[stem]}.{kind}"] = tensor
        elif name == "visual.proj":
            named["visual_projection.weight"] = tensor.t().contiguous()
        elif name == "text_projection":
            named["text_projection.weight"] = tensor.t().contiguous()
        else:
            tower = "vision" if name.startswith("visual.") else "text"
            layer, part = name.split("resblocks.")[1].split(".", 1)
            prefix = f"{tower}_model.encoder.layers.{layer}."
            if "in_proj_" in part:
                for letter, third in zip("qkv", tensor.chunk(3)):
                    named[f"{prefix}self_attn.{letter}_proj.{part.rpartition('_')[2]}"] = third.clone()
            else:
                module, _, kind = part.rpartition(".")
                named[f"{prefix}{LAYER[module]}.{kind}"] = tensor
    return named


def hugging_face_config(config):
    return {
        "model_type": "clip",
        "projection_dim": config["embed_dim"],
        "vision_config": {
            "hidden_act": config.get("activation", "quick_gelu"),
            "hidden_size": config["vision_width"],
            "image_size": config["image_resolution"],
            "num_attention_heads": config["vision_heads"],
            "num_hidden_layers": config["vision_layers"],
            "patch_size": config["vision_patch_size"],
        },
        "text_config": {
            "hidden_act": config.get("activation", "quick_gelu"),
            "hidden_size": config["transformer_width"],
            "num_attention_heads": config["transformer_heads"],
            "num_hidden_layers": config["transformer_layers"],
        },
    }


def open_clip_config(config):
    return {
        "model_cfg": {
            "embed_dim": config["embed_dim"],
            **({"quick_gelu": True} if config.get("activation", "quick_gelu") == "quick_gelu" else {}),
            "vision_cfg": {
                "image_size": config["image_resolution"],
                "layers": config["vision_layers"],
                "width": config["vision_width"],
                "head_width": config["vision_width"] // config["vision_heads"],
                "patch_size": config["vision_patch_size"],
            },
            "text_cfg": {
                "context_length": config["context_length"],
                "vocab_size": config["vocab_size"],
                "width": config["transformer_width"],
                "heads": config["transformer_heads"],
                "layers": config["transformer_layers"],
            },
        }
    }


def text_apart(weights):
    """As open_clip's CustomTextCLIP names them."""
    outside = ("visual.", "logit_scale")
    return {name if name.startswith(outside) else f"text.{name}": tensor for name, tensor in weights.items()}


def shards(tensors, folder):
    """Two files and their index, as transformers splits what is large."""
    names = list(tensors)
    parts = [names[: len(names) // 2], names[len(names) // 2 :]]
    index = {}
    for number, part in enumerate(parts, 1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file, metadata={"format": "pt"})
        index.update(dict.fromkeys(part, file))
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": index}))
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--form", required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    weights = load_file(options.weights)
    config = json.loads(options.config.read_text())
    out, form = options.out, options.form

    if form.startswith("openai"):
        integers = {name: torch.tensor(config[theirs]) for name, theirs in INTEGERS.items()}
        path = out / "clip.pt"
        state = OrderedDict({**integers, **weights})
        torch.save(state, path, _use_new_zipfile_serialization=form != "openai-legacy")
    elif form == "open-clip":
        path = out / "epoch_32.pt"
        state = OrderedDict({f"module.{name}": tensor for name, tensor in weights.items()})
        parameter = torch.nn.Parameter(torch.zeros(2))
        optimizer = torch.optim.AdamW([parameter])
        parameter.grad = torch.ones(2)
        optimizer.step()
        torch.save({"epoch": 32, "name": "run", "state_dict": state, "optimizer": optimizer.state_dict()}, path)
        (out / "open_clip_config.json").write_text(json.dumps(open_clip_config(config)))
    elif form == "open-clip-text-apart":
        path = out / "open_clip_model.safetensors"
        save_file(text_apart(weights), path, metadata={"format": "pt"})
        (out / "open_clip_config.json").write_text(json.dumps(open_clip_config(config)))
    else:
        (out / "config.json").write_text(json.dumps(hugging_face_config(config)))
        named = hugging_face(weights)
        named["vision_model.embeddings.position_ids"] = torch.arange(4).unsqueeze(0)
        named["text_model.embeddings.position_ids"] = torch.arange(77).unsqueeze(0)
        if form == "hugging-face-pickle":
            path = out / "pytorch_model.bin"
            torch.save(named, path)
        elif form == "hugging-face-half":
            path = out / "model.safetensors"
            save_file({name: t.half() if t.is_floating_point() else t for name, t in named.items()}, path)
        elif form == "hugging-face-shards":
            path = shards(named, out)
        else:
            path = out / "model.safetensors"
            save_file(named, path, metadata={"format": "pt"})
    print(path)


if __name__ == "__main__":
    main()
