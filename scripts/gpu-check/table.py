"""The one table: checks with what they allow, and times."""

import math
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
from torch import Tensor


@dataclass
class Row:
    section: str
    name: str
    largest: float  # difference, or what is counted
    allowed: float
    ok: bool
    note: str = ''


@dataclass
class Time:
    name: str
    milliseconds: float
    goal: float | None = None
    peer: float | None = None  # plain PyTorch, in the same run
    note: str = ''


class Worst:
    """Many comparisons that make one row: the one that is nearest to what it allows, or furthest beyond, counts."""

    def __init__(self, factor: float):
        self.factor, self.ratio, self.difference, self.allowed, self.where, self.count = factor, -1.0, 0.0, 0.0, '', 0

    def note(self, name: str, difference: float, allowed: float) -> None:
        self.count += 1
        ratio = difference / allowed if allowed > 0 else (0.0 if difference == 0 else math.inf)
        if math.isnan(ratio):
            ratio = math.inf
        if ratio > self.ratio:
            self.ratio, self.difference, self.allowed, self.where = ratio, difference, allowed, name

    def close(self, actual, expected, name: str = 'value', relative: float = 1e-5, absolute: float = 0.0,
              scale: float | None = None) -> None:
        """|actual - expected| <= factor * (absolute + relative * (scale, or the largest magnitude expected))."""
        got, wanted = as_doubles(actual), as_doubles(expected)
        if got.shape != wanted.shape:
            return self.note(f'{name}: shape {list(got.shape)}, expected {list(wanted.shape)}', math.inf, 0)
        if wanted.numel() == 0:
            return self.note(name, 0.0, 0.0)
        scale = wanted[wanted.isfinite()].abs().max().item() if scale is None else scale
        self.note(name, largest_difference(got, wanted), self.factor * (absolute + relative * scale))

    def optimized(self, actual, expected, name: str, gradient: Tensor, rate: float, steps: int) -> None:
        """Parameters after Adam steps: the rule of expectOptimizedParameters in test/support/close.ts."""
        got, wanted, slope = as_doubles(actual), as_doubles(expected), as_doubles(gradient).abs()
        if got.shape != wanted.shape:
            return self.note(f'{name}: shape {list(got.shape)}, expected {list(wanted.shape)}', math.inf, 0)
        single = wanted.float()
        ulp = (torch.nextafter(single.abs(), torch.tensor(math.inf)) - single.abs()).double()
        sure = slope > 1e-3 * slope.max()
        allowed = torch.where(sure, 0.05 * rate, 2 * rate * steps) + ulp
        ratio = (got - wanted).abs() / allowed
        worst = int(ratio.nan_to_num(math.inf).argmax())
        self.note(name, (got - wanted).abs().flatten()[worst].item(), allowed.flatten()[worst].item())

    def equal(self, actual, expected, name: str) -> None:
        same = bool(torch.equal(actual.cpu(), expected.cpu()))
        self.note(name, 0.0 if same else 1.0, 0.0)

    def true(self, condition: bool, name: str) -> None:
        self.note(name, 0.0 if condition else 1.0, 0.0)


def as_doubles(value) -> Tensor:
    tensor = value if isinstance(value, Tensor) else torch.tensor(value)
    return tensor.detach().cpu().double()


def largest_difference(got: Tensor, wanted: Tensor) -> float:
    """NaN only where NaN is expected, infinities alike."""
    same = (got == wanted) | (got.isnan() & wanted.isnan())
    difference = torch.where(same, torch.zeros_like(got), (got - wanted).abs())
    return difference.nan_to_num(nan=math.inf).max().item()


class Table:
    def __init__(self, factor: float):
        self.factor = factor
        self.rows: list[Row] = []
        self.times: list[Time] = []

    @contextmanager
    def check(self, section: str, name: str, factor: float | None = None):
        """A row of what is compared within; an exception is a failed row, and the program goes on."""
        worst = Worst(self.factor if factor is None else factor)
        note = ''
        try:
            yield worst
            if worst.count == 0:
                worst.note('nothing was compared', math.inf, 0)
        except Exception as error:  # one failed case must not hide the others
            note = f'{type(error).__name__}: {str(error).strip().splitlines()[0][:160] if str(error).strip() else ""}'
            worst.note(note, math.inf, 0)
        ok = worst.ratio <= 1
        row = Row(section, name, worst.difference, worst.allowed, ok,
                  '' if ok and worst.count == 1 else f'{worst.where} ({worst.count} compared)' if ok else worst.where)
        self.rows.append(row)
        self.show(row)

    def show(self, row: Row) -> None:
        mark = 'ok  ' if row.ok else 'FAIL'
        note = f'  {row.note}' if row.note else ''
        print(f'{mark} {row.section:<10} {row.name:<58} {row.largest:>9.2e} {row.allowed:>9.2e}{note}', flush=True)

    def time(self, time: Time) -> None:
        self.times.append(time)
        goal = f' goal {time.goal:g}' if time.goal is not None else ''
        peer = f' PyTorch {time.peer:.2f} ratio {time.peer / time.milliseconds:.2f}x' if time.peer is not None else ''
        note = f'  {time.note}' if time.note else ''
        print(f'time {time.name:<69} {time.milliseconds:>9.2f} ms{goal}{peer}{note}', flush=True)

    def fail(self, section: str, name: str, sentence: str) -> None:
        row = Row(section, name, math.inf, 0, False, sentence)
        self.rows.append(row)
        self.show(row)

    @property
    def failed(self) -> list[Row]:
        return [row for row in self.rows if not row.ok]

    def as_json(self) -> dict:
        def plain(value):
            return str(value) if isinstance(value, float) and not math.isfinite(value) else value
        return {kind: [{key: plain(value) for key, value in asdict(entry).items()} for entry in entries]
                for kind, entries in (('checks', self.rows), ('times', self.times))}
