"""Builds the torch operators of native/ops, with their slow reference versions, for Python.

    python scripts/oracle/build_ops.py build/semples_ops.so
    >>> torch.ops.load_library('build/semples_ops.so')
    >>> torch.ops.semples.dense_crf(image, unary, gaussian, bilateral, compatibility)
    >>> torch.ops.semples.pamr(image, maps, iterations, dilations)

Sources that are older than their object files beside the target are not compiled again.
"""

import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import torch
from torch.utils import cpp_extension

root = pathlib.Path(__file__).resolve().parents[2]
native = root / 'native'
options = [
    '-std=c++20', '-O3', '-DNDEBUG', '-fPIC', '-fopenmp', '-Wall', '-Wextra', '-Wno-psabi', '-Wno-unused-parameter',
    f'-I{native}', *(f'-isystem{path}' for path in cpp_extension.include_paths()),
]


def changed(path: pathlib.Path) -> float:
    return path.stat().st_mtime


def compile_source(source: pathlib.Path, target: pathlib.Path, newest: float) -> None:
    if not target.exists() or changed(target) < max(newest, changed(source)):
        partial = target.with_suffix(f'.{os.getpid()}.o')
        subprocess.run(['c++', *options, '-c', str(source), '-o', str(partial)], check=True)
        partial.replace(target)


def build(target: pathlib.Path) -> None:
    sources = [*sorted((native / 'ops').rglob('*.cc')), root / 'scripts' / 'oracle' / 'load_ops.cc']
    folder = target.with_suffix('.objects')
    folder.mkdir(parents=True, exist_ok=True)
    objects = [folder / f'{"_".join(source.relative_to(root).with_suffix("").parts)}.o' for source in sources]
    # Every source may include every header of the operators, and this file says how they are compiled.
    newest = max(map(changed, [*(native / 'ops').rglob('*.h'), pathlib.Path(__file__)]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(compile_source, sources, objects, [newest] * len(sources)))
    if target.exists() and changed(target) >= max(map(changed, objects)):
        return
    libraries = pathlib.Path(torch.__file__).parent / 'lib'
    partial = target.with_suffix(f'.{os.getpid()}.so')
    subprocess.run(['c++', '-shared', '-fopenmp', *map(str, objects), f'-L{libraries}', '-ltorch_cpu', '-lc10',
                    '-o', str(partial)], check=True)
    partial.replace(target)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build(pathlib.Path(sys.argv[1]).absolute())
