"""Reference tensors: safetensors files as test/support/golden.ts reads them, without the package of that name."""

import json
import re
import struct
from pathlib import Path

import torch
from torch import Tensor

DTYPES = {'F64': torch.float64, 'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16, 'I64': torch.int64,
          'I32': torch.int32, 'I16': torch.int16, 'I8': torch.int8, 'U8': torch.uint8, 'BOOL': torch.bool}


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata by name."""
    data = bytearray(path.read_bytes())
    if len(data) < 8 or 8 + struct.unpack('<Q', data[:8])[0] > len(data):
        raise ValueError(f'{path} is cut off, or no safetensors file')
    start = 8 + struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:start])
    metadata = header.pop('__metadata__', {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (start + offset for offset in entry['data_offsets'])
        if end > len(data):
            raise ValueError(f'{path} is cut off within {name}')
        dtype = DTYPES[entry['dtype']]
        # Copied, since tensors of a file need not be aligned.
        flat = torch.frombuffer(bytearray(data[begin:end]), dtype=dtype) if end > begin else torch.empty(0, dtype=dtype)
        tensors[name] = flat.reshape(entry['shape'])
    return tensors, metadata


def restore_sparse(tensors: dict[str, Tensor], metadata: dict[str, str]) -> dict[str, Tensor]:
    """Small copies hold only the rows of a table that are used; the others are zeros (test/support/sparse.ts)."""
    restored = {}
    for name, tensor in tensors.items():
        match = re.fullmatch(r'sparse\.(.+)\.(ids|rows)', name)
        if match is None:
            restored[name] = tensor
        elif match[2] == 'rows':
            table = torch.zeros(json.loads(metadata[f'sparse.{match[1]}.shape']), dtype=tensor.dtype)
            table[tensors[f'sparse.{match[1]}.ids']] = tensor
            restored[match[1]] = table
    return restored


class GoldenFile:
    def __init__(self, path: Path):
        tensors, self.metadata = read_safetensors(path)
        self.tensors = restore_sparse(tensors, self.metadata)

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names start so, by the rest of their names."""
        return {name[len(prefix):]: tensor for name, tensor in self.tensors.items() if name.startswith(prefix)}

    def meta(self, key: str):
        """Parsed where it is JSON, else the string itself."""
        try:
            return json.loads(self.metadata[key])
        except json.JSONDecodeError:
            return self.metadata[key]


class Golden:
    """A folder of reference tensors."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.files: dict[str, GoldenFile] = {}

    def read(self, name: str) -> GoldenFile:
        file = name.removesuffix('.safetensors')
        if file not in self.files:
            self.files[file] = GoldenFile(self.folder / f'{file}.safetensors')
        return self.files[file]

    def json(self, name: str):
        return json.loads((self.folder / name).read_text())

    def matches(self, pattern: str) -> list[tuple[str, ...]]:
        """Groups of the names (without suffix) that fit the pattern, sorted."""
        names = sorted(path.stem for path in self.folder.glob('*.safetensors'))
        return [match.groups() for match in (re.fullmatch(pattern, name) for name in names) if match]
