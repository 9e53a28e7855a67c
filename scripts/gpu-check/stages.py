"""The stages of test/golden/stages.test.ts on a device: three optimiser steps each."""

import torch

import models
from golden import Golden, GoldenFile
from table import Table

TERMS = {
    'a': {'match': ('L_match', 'sim_L_match'), 'background_text': ('L_bgtext', 'sim_L_bgtext')},
    'b': {'background_prompt': ('L_match', 'sim_L_match'), 'text_prompt': ('L_text', 'sim_text_prompt_unclamped')},
}
TERMS['c'] = {**TERMS['a'], 'foreground_prompt': ('L_fgprompt', 'sim_L_fgprompt')}


def check_stages(golden: Golden, device: str, table: Table) -> None:
    for letter, kind in golden.matches('stage_(.)_(.+)'):
        with table.check('training', f'stage {letter} of {kind}: three optimiser steps') as worst:
            check_stage(golden, letter, kind, device, worst)


def check_stage(golden: Golden, letter: str, kind: str, device: str, worst) -> None:
    file, inputs = golden.read(f'stage_{letter}_{kind}'), golden.read(f'stages_{kind}_inputs')
    generator = models.golden_generator(golden, file.meta('generator_weights'), device)
    initial = file['prompts_in'] if 'prompts_in' in file else inputs['prompts_init']
    prompts = models.prompts(initial, device)
    options = {**models.stage_options(letter, file.meta('hypers')), 'optimizer.kind': 'adamw',
               'optimizer.weightDecay': file.meta('weight_decay')}
    ids = models.text_ids(golden, len(initial))
    trainer = models.trainer(options, generator, models.golden_clip(golden, device), prompts, ids)
    before = generator.state()

    rates: list[float] = []
    while f'step{len(rates) + 1}.loss' in file:
        step = len(rates) + 1
        rates.append(file[f'step{step}.lr'].item())
        labels = inputs[f'batch{step}.labels'].to(torch.uint8)
        result = trainer.step(inputs[f'batch{step}.images'], labels, rates[-1], True)
        compare_step(file, letter, f'step{step}', result, worst)
        state = {**generator.state(), 'prompts': prompts.state()}
        for name, expected in file.under(f'step{step}.param.').items():
            worst.optimized(state[name], expected, f'step{step} {name}', file[f'step1.grad.{name}'], max(rates), step)
    worst.true(len(rates) == 3, 'three steps')

    trained, after = set(file.meta('trained')), generator.state()
    for name, tensor in before.items():
        if name not in trained:
            worst.equal(after[name], tensor, f'{name} is untouched')
    if letter != 'b':
        worst.equal(prompts.state(), initial, 'prompts are untouched')


def compare_step(file: GoldenFile, letter: str, name: str, result, worst) -> None:
    worst.close(result['loss'], file[f'{name}.loss'], f'{name} loss', absolute=1e-6)
    for term, (part, similarity) in TERMS[letter].items():
        worst.close(result[f'term.{term}'], file[f'{name}.{part}'], f'{name} {part}', absolute=1e-6)
        worst.close(result[f'similarity.{term}'], file[f'{name}.{similarity}'], f'{name} {similarity}')
    gradients = file.under(f'{name}.grad.')
    worst.true(sum(key.startswith('gradient.') for key in result) == len(gradients), f'{name}: as many gradients')
    for parameter, expected in gradients.items():
        # What is left of a sum over all positions that nearly cancels, on the scale of its summands.
        scale = gradients['head.weight'].abs().max().item() if parameter == 'head.bias' else None
        relative = 5e-4 if parameter.endswith('bias') and scale is None else 1e-4
        worst.close(result[f'gradient.{parameter}'], expected, f'{name} gradient {parameter}', relative, scale=scale)
    for ours, theirs in (('foreground', 'fg'), ('background', 'bg')):
        if f'{name}.masked_{theirs}_first2' in file:
            expected = file[f'{name}.masked_{theirs}_first2']
            worst.close(result[f'masked.{ours}'][:len(expected)], expected, f'{name} masked {ours}')
