"""Rewrites golden CLIP weights under Hugging Face's names, with their configuration, as a source for the exporter.

    python test/clip/hugging_face.py GOLDEN OUT_FOLDER
"""

import json
import sys
from pathlib import Path

from safetensors.torch import load_file, save_file


def main(golden: Path, out: Path) -> None:
    config = json.loads((golden / "clip_config.json").read_text())
    ours = {**load_file(golden / "clip_weights.safetensors"), **load_file(golden / "clip_token_embedding.safetensors")}
    theirs = {
        "logit_scale": ours["logit_scale"],
        "visual_projection.weight": ours["visual.proj"].T.contiguous(),
        "text_projection.weight": ours["text_projection"].T.contiguous(),
        "vision_model.embeddings.class_embedding": ours["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": ours["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": ours["visual.positional_embedding"],
        "text_model.embeddings.token_embedding.weight": ours["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": ours["positional_embedding"],
    }
    for part in ("weight", "bias"):
        theirs[f"vision_model.pre_layrnorm.{part}"] = ours[f"visual.ln_pre.{part}"]
        theirs[f"vision_model.post_layernorm.{part}"] = ours[f"visual.ln_post.{part}"]
        theirs[f"text_model.final_layer_norm.{part}"] = ours[f"ln_final.{part}"]
        for tower, prefix, layers in (
            ("vision_model", "visual.transformer", config["vision_layers"]),
            ("text_model", "transformer", config["transformer_layers"]),
        ):
            for layer in range(layers):
                source, target = f"{prefix}.resblocks.{layer}", f"{tower}.encoder.layers.{layer}"
                theirs[f"{target}.layer_norm1.{part}"] = ours[f"{source}.ln_1.{part}"]
                theirs[f"{target}.layer_norm2.{part}"] = ours[f"{source}.ln_2.{part}"]
                theirs[f"{target}.mlp.fc1.{part}"] = ours[f"{source}.mlp.c_fc.{part}"]
                theirs[f"{target}.mlp.fc2.{part}"] = ours[f"{source}.mlp.c_proj.{part}"]
                theirs[f"{target}.self_attn.out_proj.{part}"] = ours[f"{source}.attn.out_proj.{part}"]
                for name, rows in zip("qkv", ours[f"{source}.attn.in_proj_{part}"].chunk(3)):
                    theirs[f"{target}.self_attn.{name}_proj.{part}"] = rows.contiguous()
    save_file(theirs, out / "model.safetensors")
    sizes = {
        "projection_dim": config["embed_dim"],
        "vision_config": {
            "image_size": config["image_resolution"],
            "num_hidden_layers": config["vision_layers"],
            "hidden_size": config["vision_width"],
            "num_attention_heads": config["vision_heads"],
            "patch_size": config["vision_patch_size"],
        },
        "text_config": {
            "max_position_embeddings": config["context_length"],
            "vocab_size": config["vocab_size"],
            "hidden_size": config["transformer_width"],
            "num_attention_heads": config["transformer_heads"],
            "num_hidden_layers": config["transformer_layers"],
        },
    }
    (out / "config.json").write_text(json.dumps(sizes))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
