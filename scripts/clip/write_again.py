"""Writes an archive of train_demo.py again from its own weights, with the methods that model.py has by now.

    python scripts/clip/write_again.py models/demo-clip.pt

Nothing is trained: the weights stay as they are, bit for bit, and the features of a picture and a text are compared with
those of the archive before. Size and checksum are renewed in the .json beside it, which says when that was.
"""

import argparse
import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

import torch

from export import save_archive, script
from model import Clip, ClipConfig
from weights import build


def read(path: Path, config: dict) -> Clip:
    """The model in an archive, each weight in its own precision."""
    archive = torch.jit.load(path, map_location="cpu")
    # The table of trained tokens may be an attribute of the archive, which its state does not list.
    index = {"token_embedding.index": archive.token_embedding.index}
    model = build(ClipConfig(**config), {**archive.state_dict(), **index}, dtype=None)
    model.trained_tokens, model.mean, model.std = archive.trained_tokens, archive.mean, archive.std
    return model


def features(path: Path) -> list[torch.Tensor]:
    archive = torch.jit.load(path, map_location="cpu")
    random = torch.Generator().manual_seed(0)
    pixels = torch.randn(4, 3, archive.image_size, archive.image_size, generator=random)
    ids = torch.randint(0, 49406, (4, archive.context_length), generator=random)
    ids[:, 7] = 49407
    with torch.no_grad():
        return [archive.encode_image(pixels), archive.encode_patches(pixels), archive.encode_text(ids)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    path: Path = parser.parse_args().archive
    described = path.with_suffix(".json")
    provenance = json.loads(described.read_text())
    written = path.with_name(f"{path.name}.new")
    try:
        save_archive(script(read(path, provenance["config"]), frozen=False), written)
        difference = max((a - b).abs().max().item() for a, b in zip(features(path), features(written)))
        before, after = torch.jit.load(path).state_dict(), torch.jit.load(written).state_dict()
        same = before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
        if not same or difference > 1e-5:
            raise SystemExit(f"The archive would change: features by {difference:.1e}, weights the same: {same}.")
        provenance["bytes"] = written.stat().st_size
        provenance["sha256"] = hashlib.sha256(written.read_bytes()).hexdigest()
        provenance["written again"] = {
            "command": f"python scripts/clip/write_again.py models/{path.name}",
            "date": datetime.now(timezone.utc).date().isoformat(),
            "torch": torch.__version__,
        }
        written.replace(path)
        described.write_text(json.dumps(provenance, indent=2) + "\n")
    finally:
        written.unlink(missing_ok=True)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, features differ by at most {difference:.1e}")


if __name__ == "__main__":
    main()
