"""Builds the torch operators of native/ops, with their slow reference versions, for Python.

    python scripts/oracle/build_ops.py build/semples_ops.so
    >>> torch.ops.load_library('build/semples_ops.so')
    >>> torch.ops.semples.dense_crf(image, unary, gaussian, bilateral, compatibility)
"""

import pathlib
import subprocess
import sys

import torch
from torch.utils import cpp_extension

root = pathlib.Path(__file__).resolve().parents[2]
native = root / 'native'


def command(target: pathlib.Path) -> list[str]:
    sources = [*sorted((native / 'ops').rglob('*.cc')), root / 'scripts' / 'oracle' / 'load_ops.cc']
    libraries = pathlib.Path(torch.__file__).parent / 'lib'
    return [
        'c++', '-std=c++20', '-O3', '-DNDEBUG', '-fPIC', '-shared', '-fopenmp', '-Wall', '-Wextra', '-Wno-psabi',
        '-Wno-unused-parameter', f'-I{native}',
        *(f'-isystem{path}' for path in cpp_extension.include_paths()),
        *map(str, sources), f'-L{libraries}', '-ltorch_cpu', '-lc10', '-o', str(target),
    ]


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = pathlib.Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(command(target), check=True)
