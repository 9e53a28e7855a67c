"""pydensecrf2 in a process of its own, for bench/crf/peer.mjs: a JSON request a line in, a JSON answer a line out.

Requests name .npy files: `image` uint8 [H, W, 3], `unary` float32 [C, H, W], `out` (optional) where Q goes. Loading and
saving are not timed; `seconds` is construction, terms and inference, the array of the result included.
"""

import json
import multiprocessing
import re
import sys
import time

import numpy as np
import pydensecrf.densecrf as dcrf


def refine(image, unary, gaussian, bilateral, iterations):
    labels, height, width = unary.shape
    start = time.perf_counter()
    crf = dcrf.DenseCRF2D(width, height, labels)
    crf.setUnaryEnergy(unary.reshape(labels, -1))
    crf.addPairwiseGaussian(sxy=gaussian["sxy"], compat=gaussian["compat"])
    crf.addPairwiseBilateral(
        sxy=bilateral["sxy"], srgb=bilateral["srgb"], rgbim=image, compat=bilateral["compat"]
    )
    result = np.array(crf.inference(iterations)).reshape(labels, height, width)
    return result, time.perf_counter() - start


def load(request):
    return np.load(request["image"]), np.load(request["unary"])


def status(field):
    """Kilobytes of this process."""
    with open("/proc/self/status") as file:
        return int(re.search(field + r":\s+(\d+)", file.read()).group(1))


def run(request, settings):
    result, seconds = refine(*load(request), **settings)
    if "out" in request:
        np.save(request["out"], result)
    return {"seconds": seconds}


def memory(request, settings):
    """Growth of resident memory at its peak, the result included. Ask a fresh process."""
    image, unary = load(request)
    tiny = np.zeros((16, 16, 3), np.uint8), np.zeros((2, 16, 16), np.float32)
    refine(*tiny, **settings)
    before = status("VmRSS")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    refine(image, unary, **settings)
    return {"bytes": 1024 * (status("VmHWM") - before)}


inputs = []


def refine_input(job):
    place, settings = job
    refine(*inputs[place], **settings)


def throughput(request, settings):
    """Many pictures in `processes` forks of this process, which have the inputs and keep the results."""
    inputs[:] = [load(each) for each in request["pictures"]]
    with multiprocessing.get_context("fork").Pool(request["processes"]) as pool:
        pool.map(abs, range(request["processes"]))
        start = time.perf_counter()
        pool.map(refine_input, [(i, settings) for i in range(len(inputs))], chunksize=1)
        return {"seconds": time.perf_counter() - start}


OPERATIONS = {"run": run, "memory": memory, "throughput": throughput}

for line in sys.stdin:
    request = json.loads(line)
    answer = OPERATIONS[request["operation"]](request, request["settings"])
    print(json.dumps(answer), flush=True)
