"""What the commands build and node share: options, the torch of a Python, CMake."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
root = here.parents[1]
OLDEST = (2, 11)
FACTS = """
import json, pathlib, torch
capabilities = [torch.cuda.get_device_capability(i) for i in range(torch.cuda.device_count())]
print(json.dumps(dict(version=torch.__version__, cuda=torch.version.cuda, folder=str(pathlib.Path(torch.__file__).parent),
                      abi=torch.compiled_with_cxx11_abi(), capabilities=capabilities)))
"""


def stop(sentence: str) -> None:
    sys.exit(f'gpu-check {pathlib.Path(sys.argv[0]).name}: {sentence}')


def torch_facts(python: str) -> dict:
    """Of the torch that this Python imports; a sentence where there is none that will do."""
    try:
        done = subprocess.run([python, '-c', FACTS], capture_output=True, text=True)
    except OSError as error:
        stop(f'{python} cannot be run ({error.strerror}); name a Python that has torch: --python PYTHON')
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ['no message'])[-1]
        stop(f'{python} cannot import torch ({last}); name a Python that has torch: --python PYTHON')
    facts = json.loads(done.stdout.strip().splitlines()[-1])
    if tuple(int(part) for part in facts['version'].split('.')[:2]) < OLDEST or not facts['abi']:
        stop(f'torch {facts["version"]} of {python} is too old; 2.11 or newer is needed')
    if not (pathlib.Path(facts['folder']) / 'include/torch/csrc/api/include/torch/torch.h').exists():
        stop(f'{facts["folder"]} has no headers (include/torch/…); use torch as its wheel installs it')
    return facts


def program(name: str, needed_for: str, places: list[pathlib.Path] = []) -> str:
    found = shutil.which(name) or next((str(place) for place in places if place.exists()), None)
    if found is None:
        stop(f'{name} was not found; it is needed for {needed_for}. Put it on the PATH')
    return found


def run(*command: str, env: dict | None = None) -> float:
    """Seconds that it took."""
    print('+', ' '.join(command), flush=True)
    begin = time.monotonic()
    if subprocess.run(command, env=env).returncode != 0:
        stop('this command failed; see above')
    return time.monotonic() - begin


def cmake_build(cmake: str, source: pathlib.Path, folder: pathlib.Path, jobs: int, target: str, **variables: str) -> None:
    defined = [f'-D{name}={value}' for name, value in variables.items()]
    run(cmake, '-S', str(source), '-B', str(folder), '-DCMAKE_BUILD_TYPE=Release', *defined)
    run(cmake, '--build', str(folder), '--parallel', str(jobs), '--target', target)


def add_options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Adds the options that both have, and reads the command line."""
    parser.add_argument('--python', default=sys.executable, help='has torch 2.11 or newer; default: the one that runs this')
    parser.add_argument('--out', type=pathlib.Path, default=root / 'build/gpu-check', help='default: build/gpu-check')
    parser.add_argument('--jobs', type=int, default=len(os.sched_getaffinity(0)), help='compilers at a time')
    given = parser.parse_args()
    if given.jobs < 1:
        stop(f'--jobs is 1 or more; it was {given.jobs}')
    return given
