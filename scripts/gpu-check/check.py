"""Proves semples on this machine: every reference value, the operators against the processor, memory and times.

Run by scripts/gpu-check/check, with the Python that scripts/gpu-check/build was given. Exit code: 0 where every check
passed, 1 where one failed, 2 where it could not begin.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import torch

sys.dont_write_bytecode = True
here = Path(__file__).resolve().parent
root = here.parents[1]
sys.path.insert(0, str(here))

import models  # noqa: E402
import operators  # noqa: E402
import parity  # noqa: E402
import stages  # noqa: E402
import timing  # noqa: E402
from golden import Golden  # noqa: E402
from table import Table  # noqa: E402


def stop(sentence: str) -> None:
    print(f'gpu-check: {sentence}', file=sys.stderr)
    sys.exit(2)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='scripts/gpu-check/check', description=__doc__.split('\n')[0])
    parser.add_argument('--out', type=Path, default=root / 'build/gpu-check', help='where build put it; default: build/gpu-check')
    parser.add_argument('--golden', type=Path, help='reference tensors; default: .gpu/golden, else test/golden/data')
    parser.add_argument('--device', choices=['cuda', 'cpu'], default='cuda', help='cpu: the checks without times')
    parser.add_argument('--json', type=Path, help='also writes everything to this file')
    parser.add_argument('--quick', action='store_true', help='small pictures, 500 instead of 10,000 refinements')
    parser.add_argument('--factor', type=float,
                        help='how many times the tolerances of test/golden are allowed; default: 1 on the processor, 10 on a GPU')
    given = parser.parse_args()
    if given.factor is not None and not 0 < given.factor <= 1000:
        stop(f'--factor is a number above 0, up to 1000; it was {given.factor}')
    return given


def golden_folder(named: Path | None) -> Path:
    if named is None:
        full = root / '.gpu/golden'
        return full if full.is_dir() else root / 'test/golden/data'
    if not (named / 'clip_io.safetensors').is_file():
        stop(f'--golden names {named}, which has no reference tensors (clip_io.safetensors is missing)')
    return named


def load(out: Path, device: str) -> dict:
    """What build made, opened."""
    record = out / 'gpu-check.json'
    build = f'scripts/gpu-check/build{"" if device == "cuda" else " --cpu"}'
    if not record.is_file():
        stop(f'{out} has nothing built; run {build} first')
    made = json.loads(record.read_text())
    if made['torch'] != torch.__version__:
        stop(f'{out} was built for torch {made["torch"]}, but this Python has {torch.__version__}; run {build} --python {sys.executable}')
    if device == 'cuda' and made['cuda'] is None:
        stop(f'{out} was built without kernels for GPUs (--cpu); run {build}, or check with --device cpu')
    kernels = None if made['cuda'] is None or not torch.cuda.is_available() else out / made['cuda']
    try:
        models.load_library(out / made['library'], kernels)
    except (OSError, RuntimeError) as error:
        stop(f'what was built cannot be opened: {error}')
    return made


def facts(device: str) -> dict:
    known = {'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d %H:%M UTC'), 'torch': torch.__version__,
             'python': platform.python_version(), 'cores': len(os.sched_getaffinity(0)), 'commit': commit()}
    if device == 'cpu':
        return {'device': f'processor, {torch.get_num_threads()} threads', **known}
    properties = torch.cuda.get_device_properties(0)
    return {'device': torch.cuda.get_device_name(0), 'capability': f'{properties.major}.{properties.minor}',
            'memory': f'{properties.total_memory / 2**30:.0f} GiB', 'driver': driver(), 'cuda': torch.version.cuda,
            'cudnn': torch.backends.cudnn.version(), **known}


def first_line(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=root)
    except (OSError, subprocess.TimeoutExpired):
        return 'unknown'
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else 'unknown'


def driver() -> str:
    return first_line('nvidia-smi', '--query-gpu=driver_version', '--format=csv,noheader')


def commit() -> str:
    return first_line('git', 'rev-parse', '--short', 'HEAD')


def check_all(given: argparse.Namespace, golden: Golden, table: Table) -> None:
    """A section that breaks off is a failed row, and the others go on."""
    device, real = given.device, given.device == 'cuda'
    sizes = timing.REAL if real and not given.quick else timing.SMALL
    sections = [
        ('generator', lambda: parity.check_generators(golden, device, table)),
        ('generator', lambda: parity.check_gradients(golden, device, table)),
        ('CAMs', lambda: parity.check_cams(golden, device, table)),
        ('CLIP', lambda: parity.check_clip(golden, device, table)),
        ('losses', lambda: parity.check_losses(golden, device, table)),
        ('training', lambda: stages.check_stages(golden, device, table)),
        ('dense CRF', lambda: operators.check_dense_crf(device, table, given.quick or not real)),
        ('PAMR', lambda: operators.check_pamr(device, table, given.quick or not real)),
        ('peer', lambda: timing.compare_and_time_models(device, table, sizes, timed=real)),
    ]
    if real:
        sections += [('times', lambda: timing.time_operators(device, table, sizes)),
                     ('memory', lambda: operators.check_memory(table, 500 if given.quick else 10_000))]
    for section, run in sections:
        try:
            run()
        except Exception as error:
            table.fail(section, 'broke off', f'{type(error).__name__}: {error}'.splitlines()[0][:200])


def main() -> None:
    given = read_arguments()
    folder = golden_folder(given.golden)
    if given.device == 'cuda' and not torch.cuda.is_available():
        stop(f'torch {torch.__version__} sees no GPU here (nvidia-smi says what the system sees); --device cpu checks on '
             'the processor')
    load(given.out, given.device)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    known = facts(given.device)
    factor = given.factor or (1.0 if given.device == 'cpu' else 10.0)
    for name, value in {**known, 'reference tensors': folder, 'tolerances': f'{factor:g} times those of test/golden, TF32 off'}.items():
        print(f'{name:<18} {value}')
    print(f'\n     {"what":<10} {"name":<58} {"largest":>9} {"allowed":>9}')
    begin = time.monotonic()
    table = Table(factor)
    check_all(given, Golden(folder), table)
    seconds = time.monotonic() - begin
    print(f'\n{len(table.rows) - len(table.failed)} of {len(table.rows)} checks passed in {seconds:.0f} s on {known["device"]}')
    for row in table.failed:
        print(f'FAILED: {row.section}, {row.name}: {row.note}')
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps({**known, 'factor': factor, 'golden': str(folder), 'seconds': seconds, **table.as_json()}, indent=1) + '\n')
    sys.exit(1 if table.failed else 0)


if __name__ == '__main__':
    main()
