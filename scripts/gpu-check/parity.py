"""The cases of test/golden/*.test.ts on a device: generator, CAMs, CLIP, prompts, losses."""

import re

import torch
from torch import Tensor

import models
from golden import Golden, GoldenFile
from table import Table

FIRST_LINEAR = ['class_logits', 'coarse_logits', 'fine_logits', 'fused_cam', 'patch_attn', 'fine_cam']
CAMS = ['fused_cam', 'patch_attn', 'fine_cam']


def gradient_tolerance(name: str) -> float:
    return 5e-4 if name.endswith('bias') else 1e-4


def check_generators(golden: Golden, device: str, table: Table) -> None:
    for (kind,) in golden.matches('generator_forward_(.+)'):
        file = golden.read(f'generator_forward_{kind}')
        with table.check('generator', f'{kind}: every output at the trained size') as worst:
            made = models.golden_generator(golden, f'generator_forward_{kind}', device)
            outputs = made.forward(file['images'].to(device), None)
            outputs['aaf_input_feats'] = fusion_inputs(outputs, file.meta('config'), file['out.aaf_input_feats'].shape[2])
            for name, expected in file.under('out.').items():
                worst.close(outputs[name], expected, name)
        for height, width in file.meta('sizes'):
            prefix = f'size_{height}x{width}.'
            with table.check('generator', f'{kind}: {height} x {width}, positions interpolated') as worst:
                outputs = made.forward(file[f'{prefix}images'].to(device), None)
                for name, expected in file.under(prefix).items():
                    if name != 'images':
                        worst.close(outputs[name], expected, name)
        with table.check('generator', f'{kind}: a state round trip is exact') as worst:
            state = made.state()
            for name, tensor in file.under('w.').items():
                worst.equal(state[name], tensor, name)
    for (kind,) in golden.matches('generator_droppath_(.+)'):
        with table.check('generator', f'{kind}: drop path by given factors') as worst:
            file = golden.read(f'generator_droppath_{kind}')
            made = models.golden_generator(golden, file.meta('weights'), device, file.meta('config'))
            outputs = made.forward(file['images'].to(device), file['factor'].to(device))
            for name, expected in file.under('out.').items():
                worst.close(outputs[name], expected, name)


def fusion_inputs(outputs: dict[str, Tensor], config: dict, tokens: int) -> Tensor:
    """What attention fusion pools, of the first tokens: feature j of head a is channel j * heads + a."""
    heads, depth = config['num_heads'], config['depth']
    branches = torch.stack([outputs[f'attn_feat_layer{layer}'][:, :tokens] for layer in range(depth)], 1)
    batch, _, count, width = branches.shape
    return branches.view(batch, depth, count, width // heads, heads).permute(0, 4, 1, 2, 3).flatten(1, 2)


def check_gradients(golden: Golden, device: str, table: Table) -> None:
    cases = [('semples.linear', 'semples', FIRST_LINEAR), ('semples.camonly', 'semples', CAMS),
             ('weaktr.linear', 'classification', FIRST_LINEAR)]
    for (kind,) in golden.matches('generator_backward_(.+)'):
        file = golden.read(f'generator_backward_{kind}')
        for key, rule, outputs in cases:
            with table.check('generator', f'{kind}: {key}, gradients and where they stop') as worst:
                made = models.golden_generator(golden, file.meta('weights'), device, file.meta('config'))
                images = file['images'].to(device)
                cotangents = {name: file[f'cot.{name}'].to(device) for name in outputs}
                found = torch.ops.semples_check.generator_gradients(made, images, cotangents, rule)
                compare_gradients(file, key, found, made.forward(images, None), cotangents, worst)
        with table.check('training', f'{kind}: classification, losses and gradients') as worst:
            check_classification(golden, file, device, worst)


def compare_gradients(file: GoldenFile, key: str, found, values, cotangents, worst) -> None:
    if f'{key}.loss' in file:  # a sum that nearly cancels, on the scale of its summands
        scale = sum((values[name] * cotangent).abs().sum().item() for name, cotangent in cotangents.items())
        worst.close(found['loss'], file[f'{key}.loss'], 'loss', scale=scale)
    for name, expected in file.under(f'{key}.grad.').items():
        worst.close(found[f'gradient.{name}'], expected, name, gradient_tolerance(name))
    if f'{key}.grad_norm_and_sum' in file:
        for name, (norm, total) in zip(file.meta('linear_grad_names'), file[f'{key}.grad_norm_and_sum'].tolist()):
            gradient = found[f'gradient.{name}'].double()
            worst.close(gradient.norm(), norm, f'|{name}|', 1e-4)
            worst.close(gradient.sum(), total, f'sum {name}', 0, 1e-4 * gradient.norm().item() * gradient.numel() ** 0.5)
    have = {name.removeprefix('gradient.') for name in found if name.startswith('gradient.')}
    if key == 'semples.camonly':
        worst.true(have == set(file.meta('semples_camonly_with_grad')), 'parameters that have a gradient')
    for name in file.meta(f'{key.split(".")[0]}_linear_no_grad'):
        worst.true(name not in have, f'{name} has no gradient')


def check_classification(golden: Golden, file: GoldenFile, device: str, worst) -> None:
    made = models.golden_generator(golden, file.meta('weights'), device, file.meta('config'))
    terms = {f'terms.{part}_logits': 1.0 for part in ('class', 'coarse', 'fine')}
    trainer = models.trainer({**terms, 'trains': 'all', 'gradients': 'classification'}, made)
    result = trainer.step(file['images'], file['labels'].to(torch.uint8), 0.0, True)
    key = 'weaktr.softmargin'
    worst.close(result['loss'], file[f'{key}.loss_total'].double(), 'loss')
    for part in ('class', 'coarse', 'fine'):
        worst.close(result[f'term.{part}_logits'], file[f'{key}.loss_{part}'], part)
    for name, expected in file.under(f'{key}.grad.').items():
        worst.close(result[f'gradient.{name}'], expected, name, gradient_tolerance(name))
    for name in file.meta('weaktr_softmargin_no_grad'):
        worst.true(f'gradient.{name}' not in result, f'{name} has no gradient')


def check_cams(golden: Golden, device: str, table: Table) -> None:
    for (kind,) in golden.matches('cam_generation_(.+)'):
        with table.check('CAMs', f'{kind}: several scales, mirrored') as worst:
            file = golden.read(f'cam_generation_{kind}')
            made = models.golden_generator(golden, file.meta('weights'), device)
            index = 0
            while f'image{index}.pixels_u8' in file:
                pictures = [file[f'image{index}.pixels_u8' if scale == 1 else f'image{index}.s{scale}.resized_u8']
                            for scale in file.meta('scales')]
                classes = (file[f'image{index}.labels'] == 1).nonzero().flatten()
                height, width = pictures[0].shape[:2]
                result = made.cams(pictures, classes.to(device), height, width)
                worst.close(result['classLogits'], file[f'image{index}.s1.0.plain.class_logits'], 'logits')
                for cam, label in zip(result['cams'], classes.tolist()):
                    worst.close(cam, file[f'image{index}.final_cam.class{label}'], f'picture {index} class {label}', 0, 2e-4)
                index += 1


def cosines(a: Tensor, b: Tensor, scale: float = 1.0) -> Tensor:
    a, b = a.cpu().double(), b.cpu().double()
    return scale * (a / a.norm(dim=-1, keepdim=True)) @ (b / b.norm(dim=-1, keepdim=True)).T


def check_clip(golden: Golden, device: str, table: Table) -> None:
    io = golden.read('clip_io')
    with table.check('CLIP', 'features of texts and pictures, cosines and logits') as worst:
        clip = models.golden_clip(golden, device)
        text, images = clip.encode_text(io['token_ids'].to(device)), clip.encode_image(io['images'].to(device))
        worst.close(text, io['text_features'], 'text')
        worst.close(images, io['image_features'], 'pictures')
        worst.close(clip.encode_patches(io['images'].to(device)), io['image_patch_features'], 'patches')
        for name in ('voc', 'coco'):
            features = clip.encode_text(io[f'{name}_token_ids'].to(device))
            worst.close(features, io[f'{name}_text_features'], name)
            if name == 'voc':
                worst.close(cosines(images, features), io['cosine_image_voc'], 'cosines with classes')
        worst.close(cosines(images, text), io['cosine_image_text'], 'cosines')
        scale = golden.read('clip_weights')['logit_scale'].double().exp().item()
        worst.close(cosines(images, text, scale), io['logits_per_image'], 'logits')
        worst.close(cosines(text, images, scale), io['logits_per_text'], 'logits of texts')
    with table.check('CLIP', 'gradients reach the picture') as worst:
        found = torch.ops.semples_check.image_gradient(clip, io['images'].to(device), io['image_grad.cotangent'].to(device))
        worst.close(found['features'], io['image_features'], 'features')
        worst.close(found['gradient'], io['image_grad.grad_images'], 'gradient', 1e-4)
    lengths = {match[1] for match in (re.match(r'prompt_L(\d+)\.', name) for name in io.tensors) if match}
    for length in sorted(lengths, key=int):
        with table.check('prompts', f'{length} vectors: features and gradients') as worst:
            case = {name: tensor.to(device) for name, tensor in io.under(f'prompt_L{length}.').items()}
            found = torch.ops.semples_check.prompt_gradient(clip, case['vectors'], case['cotangent'])
            worst.close(found['features'], case['features'], 'features')
            worst.close(found['gradient'], case['grad_vectors'], 'gradient', 1e-4)
            worst.close(models.prompts(case['vectors'], device).encode(clip), case['features'], 'encoded')


WEIGHTS = {'voc': (2.4, 0.02, (2.4, 0.05)), 'coco': (0.75, 0.01, (0.75, 0.2))}  # of the published recipes
PARTS = {
    'a': {'match': ('L_match', 'sim_fg_text'), 'background_text': ('L_bgtext', 'sim_bg_text')},
    'b': {'background_prompt': ('L_match', 'sim_bg_prompt'), 'text_prompt': ('L_text', 'sim_text_prompt')},
    'c': {'foreground_prompt': ('L_fgprompt', 'sim_fg_prompt')},
}


def check_losses(golden: Golden, device: str, table: Table) -> None:
    file = golden.read('losses')
    cases = sorted({match[1] for match in (re.match(r'(\w+\.\w+\d+)\.', name) for name in file.tensors) if match})
    for key in cases:
        of_a, of_b, (of_c, guide) = WEIGHTS[key.split('.')[0]]
        stages = {'a': [of_a], 'b': [of_b], 'c': [of_c, guide]}
        with table.check('losses', f'{key}: losses, parts, similarities, gradients') as worst:
            features = {name: file[f'{key}.{theirs}'].to(device) for name, theirs in (
                ('foreground', 'fg_features'), ('background', 'bg_features'), ('text', 'text_features_per_class'),
                ('prompt', 'prompt_features_per_class'), ('pairClass', 'pair_class'))}
            for stage, hypers in stages.items():
                options = models.stage_options(stage, hypers)
                terms = {name: weight for name, weight in options.items() if name.startswith('terms.')}
                found = torch.ops.semples_check.loss_terms(features, terms)
                compare_losses(file, key, stage, found, worst)
    with table.check('losses', 'at and beyond the ends of the clamp') as worst:
        for name, term in (('neglog', 'match'), ('neglog1m', 'background_text'), ('logmean', 'text_prompt')):
            found = torch.ops.semples_check.similarity_gradient(term, file['scalar.x'].to(device))
            worst.close(found['loss'], file[f'scalar.{name}.loss'], name)
            worst.close(found['gradient'], file[f'scalar.{name}.grad'], f'{name} gradient')


def compare_losses(file: GoldenFile, key: str, stage: str, found, worst) -> None:
    name = f'{key}.{stage}'
    worst.close(found['loss'], file[f'{name}.loss'], f'{name}.loss', absolute=1e-6)
    for term, (part, similarity) in PARTS[stage].items():
        worst.close(found[f'term.{term}'], file[f'{name}.{part}'], f'{name}.{part}', absolute=1e-6)
        worst.close(found[f'similarity.{term}'], file[f'{key}.{similarity}'], similarity, absolute=1e-6)
    for feature, short in (('foreground', 'fg'), ('background', 'bg'), ('text', 'text'), ('prompt', 'prompt')):
        expected = f'{name}.grad_{short}'
        if expected in file:
            worst.close(found[f'gradient.{feature}'], file[expected], expected, 1e-4, 1e-6)
        else:
            worst.true(f'gradient.{feature}' not in found, f'{feature} has no gradient in {name}')
