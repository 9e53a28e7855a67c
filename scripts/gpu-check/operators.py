"""semples::dense_crf and semples::pamr on a device against the processor, on generated pictures."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from table import Table

TIE = 1e-6  # scores nearer than this have no order
SIZES = [(1, 1), (7, 300), (97, 131), (240, 320)]
QUICK_SIZES = [(1, 1), (33, 47)]
LABELS = [1, 3, 21, 70]


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def picture(height: int, width: int, seed: int) -> Tensor:
    """uint8 [height, width, 3]: smooth colours, edges and noise, as photographs have them."""
    random = generator(seed)
    coarse = torch.rand(1, 3, 5, 5, generator=random)
    smooth = F.interpolate(coarse, (height, width), mode='bilinear', align_corners=True)[0]
    regions = F.interpolate(torch.rand(1, 3, 7, 7, generator=random), (height, width), mode='nearest')[0]
    noise = torch.randn(3, height, width, generator=random) * 0.02
    pixels = (0.5 * smooth + 0.5 * regions + noise).clamp(0, 1) * 255
    return pixels.round().to(torch.uint8).permute(1, 2, 0).contiguous()


def probabilities(labels: int, height: int, width: int, seed: int) -> Tensor:
    """[labels, height, width], which change smoothly."""
    coarse = torch.randn(1, labels, 6, 6, generator=generator(seed)) * 2
    return F.interpolate(coarse, (height, width), mode='bicubic', align_corners=True)[0].softmax(0).contiguous()


def crf_arguments(labels: int, height: int, width: int, seed: int = 0, matrix: bool = False, start: bool = False,
                  normalization: str = 'symmetric', iterations: int = 10) -> tuple:
    unary = -probabilities(labels, height, width, seed).clamp_min(1e-6).log()
    weights = [torch.tensor(3.0), torch.tensor(10.0)]
    if matrix:
        weights[1] = -5 * torch.eye(labels) + torch.rand(labels, labels, generator=generator(seed + 1))
    given = probabilities(labels, height, width, seed + 2) if start else None
    return (picture(height, width, seed), unary, torch.tensor([[3.0, 3.0]]), torch.tensor([[50.0, 50.0, 5.0, 5.0, 5.0]]),
            weights, iterations, normalization, given)


def on(device: str, arguments: tuple) -> tuple:
    """The tensors that are as large as the picture go to the device."""
    image, unary, gaussian, bilateral, weights, iterations, normalization, start = arguments
    return (image.to(device), unary.to(device), gaussian, bilateral, weights, iterations, normalization,
            None if start is None else start.to(device))


def dense_crf(*arguments) -> Tensor:
    return torch.ops.semples.dense_crf(*arguments)


def other_labels(got: Tensor, wanted: Tensor) -> float:
    """Share of pixels whose best label is another; where the best scores are equal, any of them will do."""
    labels = got.cpu().argmax(0, keepdim=True)
    return (wanted.gather(0, labels)[0] < wanted.amax(0) - TIE).double().mean().item()


def compare(worst, name: str, got: Tensor, wanted: Tensor, allowed: float) -> None:
    worst.note(f'{name}: |difference|', (got.cpu().double() - wanted.double()).abs().max().nan_to_num(math.inf).item(), allowed)
    worst.note(f'{name}: share of other labels', other_labels(got, wanted), 0)


def crf_cases(quick: bool):
    for labels in LABELS:
        for height, width in QUICK_SIZES if quick else SIZES:
            yield f'{width} x {height}, {labels} labels', crf_arguments(labels, height, width, labels)
    height, width = QUICK_SIZES[-1] if quick else SIZES[-2]
    for normalization in ('before', 'after', 'none'):
        # Unnormalised sums are of hundreds: one iteration decides every pixel.
        iterations = 1 if normalization == 'none' else 10
        yield f'normalization {normalization}', crf_arguments(3, height, width, normalization=normalization, iterations=iterations)
    yield 'a matrix of compatibilities', crf_arguments(5, height, width, matrix=True)
    yield 'a start', crf_arguments(3, height, width, start=True)
    yield 'no iteration', crf_arguments(3, height, width, iterations=0)
    image, unary, gaussian, bilateral, weights, *rest = crf_arguments(3, height, width)
    yield 'positions alone', (image, unary, gaussian, torch.empty(0, 5), weights[:1], *rest)
    yield 'colours alone', (image, unary, torch.empty(0, 2), bilateral, weights[1:], *rest)


def check_dense_crf(device: str, table: Table, quick: bool) -> None:
    for name, arguments in crf_cases(quick):
        with table.check('dense CRF', name, factor=1) as worst:
            got = dense_crf(*on(device, arguments))
            worst.true(got.device.type == device, 'the result is on the device')
            compare(worst, 'against the processor', got, on_one_thread(dense_crf, arguments), 1e-4)
            worst.equal(dense_crf(*on(device, arguments)), got, 'the same again')
    with table.check('dense CRF', 'energies that are not finite are refused', factor=1) as worst:
        arguments = list(on(device, crf_arguments(3, 8, 8)))
        arguments[1] = arguments[1].clone()
        arguments[1][0, 0, 0] = math.nan
        worst.true(refused(lambda: dense_crf(*arguments), 'unary must be finite'), 'no error that says so')


def check_pamr(device: str, table: Table, quick: bool) -> None:
    pamr = torch.ops.semples.pamr
    for labels in LABELS:
        for height, width in QUICK_SIZES if quick else SIZES:
            with table.check('PAMR', f'{width} x {height}, {labels} labels', factor=1) as worst:
                image, maps = picture(height, width, labels), probabilities(labels, height, width, labels)
                got = pamr(image.to(device), maps.to(device), 10, [1, 2, 4, 8, 12, 24])
                compare(worst, 'against the processor', got, on_one_thread(pamr, (image, maps, 10, [1, 2, 4, 8, 12, 24])), 1e-5)
                worst.equal(pamr(image.to(device), maps.to(device), 10, [1, 2, 4, 8, 12, 24]), got, 'the same again')


def on_one_thread(run, arguments: tuple) -> Tensor:
    """On the processor; without a GPU this at least compares threads with none."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1 if all(not isinstance(each, Tensor) or each.numel() < 1 << 18 for each in arguments) else threads)
    try:
        return run(*arguments)
    finally:
        torch.set_num_threads(threads)


def refused(action, words: str) -> bool:
    try:
        action()
    except Exception as error:
        return words in str(error)
    return False


def check_memory(table: Table, repetitions: int) -> None:
    """On a GPU alone: many refinements take no more memory than the first ones, and too large a one is an error."""
    arguments = on('cuda', crf_arguments(3, 32, 48))
    maps = probabilities(3, 32, 48, 0).cuda()
    def refine(times: int) -> tuple[int, int, int]:
        for _ in range(times):
            dense_crf(*arguments)
            torch.ops.semples.pamr(arguments[0], maps, 10, [1, 2, 4, 8, 12, 24])
        torch.cuda.synchronize()
        free, _ = torch.cuda.mem_get_info()
        return torch.cuda.memory_allocated(), torch.cuda.memory_reserved(), -free
    with table.check('memory', f'growth over {repetitions} refinements, bytes', factor=1) as worst:
        before, after = refine(100), refine(repetitions)
        worst.note('held by tensors', max(0, after[0] - before[0]), 0)
        worst.note('reserved', max(0, after[1] - before[1]), 0)
        # Of the whole device: other processes count too.
        worst.note('taken of the device', max(0, after[2] - before[2]), 16 << 20)
    with table.check('memory', 'too little of it is an error, and the next call works', factor=1) as worst:
        check_too_little(arguments, worst)


def check_too_little(small: tuple, worst) -> None:
    expected = dense_crf(*small)
    large = on('cuda', crf_arguments(21, 1024, 1024))
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    allowed = torch.cuda.memory_reserved() + large[1].nbytes + (64 << 20)  # the result, and little beside it
    torch.cuda.set_per_process_memory_fraction(allowed / total)
    try:
        worst.true(refused(lambda: dense_crf(*large), 'out of memory'), 'an error that says out of memory')
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    worst.equal(dense_crf(*small), expected, 'the next call')
    worst.true(bool(dense_crf(*large).isfinite().all()), 'the same with enough memory')
