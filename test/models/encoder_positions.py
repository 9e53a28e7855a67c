"""Position embeddings of other grids as torch's interpolate makes them, bilinearly: encoder_positions.py FOLDER (see tensorCases.ts)."""
import json
import sys
from pathlib import Path
from safetensors.torch import load_file, save_file
from torch.nn import functional

folder = Path(sys.argv[1])
for name, case in json.loads((folder / "cases.json").read_text()).items():
    table = load_file(folder / f"{name}.in.safetensors")["pos_embed"]
    tokens, side = case["tokens"], case["side"]
    grid = table[:, tokens:]
    old = round(grid.shape[1] ** 0.5)
    grid = grid.reshape(1, old, old, -1).permute(0, 3, 1, 2)
    grid = functional.interpolate(grid, size=(side, side), mode="bilinear", align_corners=False)
    grid = grid.flatten(2).transpose(1, 2)
    save_file({"patches": grid.contiguous()}, folder / f"{name}.out.safetensors")
