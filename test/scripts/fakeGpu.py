"""Runs the models of semples_check.so on tensors that only say that they lie on a GPU: torch's FakeTensorMode refuses
operations on tensors of several devices, and whatever reads numbers on the processor. No GPU is needed.

    python fakeGpu.py FOLDER-OF-GPU-CHECK semples_check.so    prints what every case came to as JSON
"""

import json
import sys
from pathlib import Path

import torch
from torch._subclasses.fake_tensor import FakeTensorMode, unset_fake_temporarily
from torch.utils._python_dispatch import TorchDispatchMode

sys.path.insert(0, sys.argv[1])
import models  # noqa: E402
import peer  # noqa: E402
import timing  # noqa: E402

CPU, GPU = torch.device('cpu'), torch.device('cuda', 0)
CLASSES, PAIRS = timing.SMALL.generator['classes'], 4


class Numbers(TorchDispatchMode):
    """What cannot be known without numbers: 4 pairs in the batch, of 2 classes, texts of 8 tokens."""

    last = ''

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, func.name().split('.')[0]
        if name.startswith('aten::'):
            self.last = name
        if name == 'aten::_local_scalar_dense':
            return 8 if not args[0].is_floating_point() else 0.5
        if name == 'aten::nonzero':
            columns = torch.zeros(PAIRS, dtype=torch.int64, device=args[0].device)
            return torch.stack([columns] * args[0].dim(), 1)
        if name in ('aten::_unique', 'aten::_unique2'):
            found = torch.zeros(2, dtype=torch.int64, device=args[0].device), torch.zeros_like(args[0]), torch.zeros_like(args[0])
            return found[:2] if name == 'aten::_unique' else found
        if name == 'aten::empty' and kwargs.get('dtype') == torch.int64 and kwargs.get('device', CPU) == CPU:
            with unset_fake_temporarily():  # a short list of C++, written at once
                return func(*args, **kwargs)
        if name in ('aten::_pin_memory', 'aten::pin_memory'):
            return args[0]
        return func(*args, **kwargs)


class MadeOnGpu(TorchDispatchMode):
    """Parameters are made there at once: set_data, which brings real ones there, does not move fake ones."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.name() in ('aten::uniform_', 'aten::normal_'):
            return args[0]  # random numbers are no matter, and a torch for processors refuses them
        made = func.name().split('.')[0] in ('aten::zeros', 'aten::ones')
        return func(*args, **{**(kwargs or {}), **({'device': GPU} if made else {})})


def generator(precision: str = 'float32'):
    with MadeOnGpu():
        return models.generator({'kind': 'weaktr', **timing.SMALL.generator, 'dropPathRate': 0.0, 'precision': precision}, 'cuda')


def places(tensors) -> str:
    return ' '.join(sorted({str(tensor.device) for tensor in tensors}))


def tf32_after(precision: str) -> bool:
    model = generator(precision)
    torch.backends.cuda.matmul.allow_tf32 = precision != 'tf32'
    model.infer(images(3))
    return torch.backends.cuda.matmul.allow_tf32


def images(count: int, height: int = 64, width: int = 64):
    return torch.zeros(count, 3, height, width, device=GPU)


def new_clip():
    with GPU:
        model = peer.Clip(timing.SMALL.clip).requires_grad_(False).eval()
    return model, models.clip(dict(model.state_dict()), 'cuda', timing.SMALL.clip.vision_heads, timing.SMALL.clip.transformer_heads)


def step(letter: str, clip, ids, numbers: Numbers) -> str:
    """Forward and losses. Gradients are computed on a thread for the GPU, so a step breaks off behind their first 1."""
    prompts = models.prompts(torch.zeros(CLASSES, 4, timing.SMALL.clip.transformer_width), 'cuda')
    options = {**models.stage_options(letter, timing.HYPERS[letter]), 'optimizer.kind': 'adamw', 'optimizer.weightDecay': 0.03}
    trainer = models.trainer(options, generator(), clip, prompts, ids)
    try:
        trainer.step(images(3), torch.zeros(3, CLASSES, dtype=torch.uint8), 1e-4, False)
    except RuntimeError:
        if numbers.last == 'aten::ones_like':
            return 'gradients'
        raise
    return 'all of it'


def peer_loss(letter: str, model, precision: str) -> str:
    config = timing.SMALL.generator
    state = generator().state()
    own = peer.PeerGenerator(state, config['depth'], config['heads'], config['classes'], config['patchSize'])
    vectors = torch.zeros(CLASSES, 4, timing.SMALL.clip.transformer_width, device=GPU)
    trainer = peer.PeerTrainer(letter, timing.HYPERS[letter], own, model, vectors, torch.zeros(CLASSES, 77, dtype=torch.int64, device=GPU), 0.03)
    torch.set_autocast_dtype('cuda', torch.bfloat16)
    torch.set_autocast_enabled('cuda', precision == 'bfloat16')
    try:
        return str(trainer.loss(images(3), torch.zeros(3, CLASSES, dtype=torch.uint8, device=GPU)).device)
    finally:
        torch.set_autocast_enabled('cuda', False)


def cases(numbers: Numbers):
    with unset_fake_temporarily():  # semples reads them
        ids = torch.zeros(CLASSES, 77, dtype=torch.int64)
    model, clip = new_clip()
    made = generator()
    yield 'maps', lambda: places(made.infer(images(3)))
    yield 'every output', lambda: places(made.forward(images(3), None).values())
    yield 'another size', lambda: places(made.forward(images(2, 96, 64), None).values())
    yield 'drop path', lambda: places(made.forward(images(3), torch.ones(2, 2, 3, device=GPU)).values())
    yield 'CAMs', lambda: places(made.cams([torch.zeros(64, 80, 3, dtype=torch.uint8)], torch.zeros(2, dtype=torch.int64, device=GPU), 64, 80).values())
    yield 'pictures', lambda: places([clip.encode_image(images(3)), clip.encode_patches(images(3))])
    yield 'texts', lambda: places([model.encode_text(ids.to(GPU))])
    yield 'prompts', lambda: places([models.prompts(torch.zeros(CLASSES, 4, timing.SMALL.clip.transformer_width), 'cuda').encode(clip)])
    for precision in timing.PRECISIONS:
        yield f'TF32 after {precision}', lambda precision=precision: tf32_after(precision)
    for letter in 'abc':
        yield f'stage {letter}', lambda letter=letter: step(letter, clip, ids, numbers)
        for precision in ('float32', 'bfloat16'):
            yield f'peer {letter} {precision}', lambda letter=letter, precision=precision: peer_loss(letter, model, precision)


def outcome(run):
    try:
        return run()
    except Exception as error:  # one failed case must not hide the others
        return f'{type(error).__name__}: {error}'.splitlines()[0]


models.load_library(Path(sys.argv[2]), None)
torch.ops.semples_check.pretend_gpu()
with FakeTensorMode(allow_non_fake_inputs=True), Numbers() as numbers:
    print(json.dumps({name: outcome(run) for name, run in cases(numbers)}))
