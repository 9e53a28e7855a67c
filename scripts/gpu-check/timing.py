"""Times on a device, and the same work in plain PyTorch in turns; with small sizes, on any device, only whether both agree."""

import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

import models
from operators import crf_arguments, dense_crf, on, picture, probabilities
from peer import ClipConfig, PeerGenerator, PeerTrainer, random_clip
from table import Table, Time


@dataclass(frozen=True)
class Sizes:
    generator: dict
    clip: ClipConfig
    batch: int
    prompt_length: int
    height: int  # of pictures that are refined, and that CAMs are made of
    width: int
    repetitions: int


# DeiT-S/16 with the 20 classes of VOC, and CLIP ViT-B/32.
REAL = Sizes(
    {'imageSize': 224, 'patchSize': 16, 'width': 384, 'depth': 12, 'heads': 6, 'classes': 20},
    ClipConfig(512, 224, 12, 768, 12, 32, 77, 49408, 512, 8, 12), 32, 30, 480, 640, 9)
SMALL = Sizes(
    {'imageSize': 64, 'patchSize': 16, 'width': 48, 'depth': 2, 'heads': 3, 'classes': 5},
    ClipConfig(32, 64, 2, 128, 2, 16, 77, 49408, 24, 2, 2), 3, 4, 48, 64, 1)
HYPERS = {'a': [2.4], 'b': [0.02], 'c': [2.4, 0.05]}
RATES = {'a': 6.4e-5, 'b': 0.025, 'c': 6.4e-5}
GOALS = {3: 15.0, 21: 30.0}  # milliseconds of dense_crf by labels
SCALES = [1.0, 1.2]


@contextmanager
def tf32(allowed: bool):
    """Products of float32 with the 10 bits of TF32, or without: a setting of the process, which both sides change."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


# How the peer computes, for each precision that models of semples are told.
PRECISIONS = {'float32': lambda: tf32(False), 'tf32': lambda: tf32(True), 'bfloat16': lambda: torch.autocast('cuda', torch.bfloat16)}


def within(surroundings, run):
    """The peer alone is surrounded, anew each time: models of semples are told their precision, and set TF32 themselves."""
    def surrounded():
        with surroundings():
            return run()
    return surrounded


def wait(device: str) -> None:
    if device == 'cuda':
        torch.cuda.synchronize()


def once(run, device: str) -> float:
    wait(device)
    begin = time.perf_counter()
    run()
    wait(device)
    return (time.perf_counter() - begin) * 1e3


def in_turns(ours, peer, device: str, repetitions: int) -> tuple[float, float | None]:
    """Medians of warm runs, milliseconds; the sides take turns."""
    sides = [ours] if peer is None else [ours, peer]
    for run in sides * (1 if repetitions == 1 else 3):
        run()
    times = [[once(run, device) for run in sides] for _ in range(repetitions)]
    medians = [statistics.median(column) for column in zip(*times)]
    return medians[0], medians[1] if peer is not None else None


def time_operators(device: str, table: Table, sizes: Sizes) -> None:
    size = f'{sizes.width} x {sizes.height}'
    for labels in (3, 21):
        arguments = on(device, crf_arguments(labels, sizes.height, sizes.width))
        ours, _ = in_turns(lambda: dense_crf(*arguments), None, device, sizes.repetitions)
        goal = GOALS[labels] if device == 'cuda' and sizes is REAL else None
        note = '' if goal is None else 'goal met' if ours <= goal else 'GOAL MISSED'
        table.time(Time(f'dense CRF {size}, {labels} labels, 10 iterations', ours, goal, note=note))
        image, maps = picture(sizes.height, sizes.width, 0).to(device), probabilities(labels, sizes.height, sizes.width, 0).to(device)
        ours, _ = in_turns(lambda: torch.ops.semples.pamr(image, maps, 10, [1, 2, 4, 8, 12, 24]), None, device, sizes.repetitions)
        table.time(Time(f'PAMR {size}, {labels} labels, 10 iterations', ours))


class Sides:
    """Both sides with the same random weights, in a precision of PRECISIONS."""

    def __init__(self, device: str, sizes: Sizes, precision: str = 'float32'):
        self.device, self.sizes, self.precision = device, sizes, precision
        config = sizes.generator
        self.generator = self.new_generator()
        self.peer_clip = random_clip(sizes.clip, device)
        self.clip = models.clip({name: tensor for name, tensor in self.peer_clip.state_dict().items()}, device,
                                sizes.clip.vision_heads, sizes.clip.transformer_heads, precision=precision)
        random = torch.Generator().manual_seed(2)
        classes = config['classes']
        self.images = torch.randn(sizes.batch, 3, config['imageSize'], config['imageSize'], generator=random).to(device)
        self.labels = torch.zeros(sizes.batch, classes, dtype=torch.uint8)
        for row in self.labels:  # one to three classes a picture
            row[torch.randperm(classes, generator=random)[:1 + int(torch.randint(3, (), generator=random))]] = 1
        self.peer_labels = self.labels.to(device)
        self.ids = torch.zeros(classes, sizes.clip.context_length, dtype=torch.int64)
        words = torch.randint(300, 40000, (classes, 2), generator=random)
        self.ids[:, :7] = torch.cat([torch.tensor([[49406, 320, 1125, 539]]).expand(classes, -1), words,
                                     torch.full((classes, 1), 49407)], 1)
        self.vectors = 0.02 * torch.randn(classes, sizes.prompt_length, sizes.clip.transformer_width, generator=random)

    def new_generator(self):
        return models.generator({'kind': 'weaktr', **self.sizes.generator, 'dropPathRate': 0.0, 'seed': 3,
                                 'precision': self.precision}, self.device)

    def new_peer(self) -> PeerGenerator:
        config = self.sizes.generator
        return PeerGenerator(self.new_generator().state(), config['depth'], config['heads'], config['classes'], config['patchSize'])

    def trainers(self, letter: str):
        stage = models.stage_options(letter, HYPERS[letter])
        ours = models.trainer({**stage, 'optimizer.kind': 'adamw', 'optimizer.weightDecay': 0.03}, self.new_generator(),
                              self.clip, models.prompts(self.vectors, self.device), self.ids)
        peer = PeerTrainer(letter, HYPERS[letter], self.new_peer(), self.peer_clip, self.vectors.to(self.device),
                           self.ids.to(self.device), 0.03)
        return ours, peer


def compare_and_time_models(device: str, table: Table, sizes: Sizes, timed: bool) -> None:
    sides = Sides(device, sizes)
    with table.check('peer', 'maps and scores of plain PyTorch with the same weights') as worst:
        with torch.no_grad():
            maps, scores = sides.new_peer().forward(sides.images)
        ours = sides.generator.infer(sides.images)
        worst.close(ours[0], maps, 'maps')
        worst.close(ours[1], scores, 'scores')
    for letter in 'abc':
        with table.check('peer', f'stage {letter}: losses of three steps of plain PyTorch') as worst:
            ours, peer = sides.trainers(letter)
            for step in range(3):
                loss = ours.step(sides.images, sides.labels, RATES[letter], False)['loss']
                worst.close(loss, peer.step(sides.images, sides.peer_labels, RATES[letter]), f'step {step + 1}', 1e-4, 1e-5)
    if timed:
        for precision, surroundings in PRECISIONS.items():
            sides = Sides(device, sizes, precision)
            time_steps(sides, surroundings, table)
            time_cams(sides, surroundings, table)


def time_steps(sides: Sides, surroundings, table: Table) -> None:
    for letter in 'abc':
        ours, peer = sides.trainers(letter)
        mine, theirs = in_turns(lambda: ours.step(sides.images, sides.labels, RATES[letter], False),
                                within(surroundings, lambda: peer.step(sides.images, sides.peer_labels, RATES[letter])),
                                sides.device, sides.sizes.repetitions)
        table.time(Time(f'stage {letter}, a step of {sides.sizes.batch} pictures, {sides.precision}', mine, peer=theirs))


def time_cams(sides: Sides, surroundings, table: Table) -> None:
    sizes, device = sides.sizes, sides.device
    pictures = [picture(round(sizes.height * scale), round(sizes.width * scale), 0) for scale in SCALES]
    classes = torch.tensor([0, 1, 2], device=device)
    ours, _ = in_turns(lambda: sides.generator.cams(pictures, classes, sizes.height, sizes.width), None, device, sizes.repetitions)
    table.time(Time(f'CAMs of a picture {sizes.width} x {sizes.height}, scales 1 and 1.2, mirrored, {sides.precision}', ours))
    peer = sides.new_peer()
    def theirs():
        with torch.no_grad():
            return peer.forward(sides.images)
    mine, other = in_turns(lambda: sides.generator.infer(sides.images), within(surroundings, theirs), device, sizes.repetitions)
    table.time(Time(f'maps of {sizes.batch} pictures, {sides.precision}', mine, peer=other))
