import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

/** Loads an archive, and says what its interface does with the demo's class texts. */
const INSPECT = `
import json, sys, torch
clip = torch.jit.load(sys.argv[1])
ids = torch.zeros(2, clip.context_length, dtype=torch.long)
ids[:, 0], ids[:, 1], ids[0, 2], ids[1, 2], ids[:, 3] = 49406, 320, 1125, 539, 49407
rows = clip.embed_tokens(torch.tensor([[1000, 2000, 269, 13, 320]]))[0]
pixels = torch.randn(2, 3, clip.image_size, clip.image_size, requires_grad=True)
clip.encode_image(pixels).sum().backward()
print(json.dumps({
    "image": list(clip.encode_image(pixels).shape), "text": list(clip.encode_text(ids).shape),
    "unknown": torch.equal(rows[0], rows[1]), "stop": torch.equal(rows[2], rows[3]),
    "known": not torch.equal(rows[0], rows[4]), "trained": clip.trained_tokens,
    "gradient": pixels.grad.abs().max().item(), "mean": clip.mean,
}))`

/** Runs the tower's weights as a DeiT, written out here, and prints its largest difference to the archive's features. */
const COMPARE = `
import sys, torch
import torch.nn.functional as F
from safetensors.torch import load_file
clip, w = torch.jit.load(sys.argv[1]), {k: v.float() for k, v in load_file(sys.argv[2]).items()}
x = torch.randn(2, 3, 64, 64)
norm = lambda t, name: F.layer_norm(t, (128,), w[name + ".weight"], w[name + ".bias"], 1e-5)
line = lambda t, name: F.linear(t, w[name + ".weight"], w[name + ".bias"])
t = F.conv2d(x, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], 8).flatten(2).transpose(1, 2)
t = torch.cat([w["cls_token"].expand(2, 1, 128), t], 1) + w["pos_embed"]
for i in range(4):
    b = f"blocks.{i}."
    q, k, v = line(norm(t, b + "norm1"), b + "attn.qkv").view(2, 65, 3, 4, 32).permute(2, 0, 3, 1, 4)
    a = (q @ k.transpose(-1, -2) * 32**-0.5).softmax(-1) @ v
    t = t + line(a.transpose(1, 2).reshape(2, 65, 128), b + "attn.proj")
    t = t + line(F.gelu(line(norm(t, b + "norm2"), b + "mlp.fc1")), b + "mlp.fc2")
feature = norm(t[:, 0], "norm") @ clip.visual.proj.float()
print((feature - clip.encode_image(x)).abs().max().item())`

needs('build', 'python').describe('train_demo.py', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'semples-demo-clip-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** Two steps on as few pictures as there can be: what is tested here is the archive, not what it has learned. */
  const train = async (name: string, ...options: string[]) => {
    const out = path.join(folder, name)
    const script = path.join(root, 'scripts/clip/train_demo.py')
    const sizes = ['--shots', '64', '--probes', '8', '--batch', '32', '--samples', '64']
    await run(python, [script, '--out', out, '--scenes', path.join(folder, 'scenes'), ...sizes, ...options])
    return out
  }

  test('writes a small archive with the interface of semples, and its provenance', async () => {
    const tower = path.join(folder, 'tower.safetensors')
    const out = await train('demo.pt', '--tower', tower)
    expect((await stat(out)).size).toBeLessThan(4e6)
    const provenance = JSON.parse(await readFile(path.join(folder, 'demo.json'), 'utf8'))
    expect(provenance).toMatchObject({ seed: 0, samples: 64, data: { shots: 64, seed: 0 } })
    expect(provenance.sha256).toBe(
      createHash('sha256')
        .update(await readFile(out))
        .digest('hex'),
    )
    expect(provenance.tower).toMatchObject({ file: 'tower.safetensors', bytes: (await stat(tower)).size })
    expect(provenance.measured['object accuracy, background unrelated']).toBeGreaterThanOrEqual(0)
    const { stdout } = await run(python, ['-c', INSPECT, out])
    const seen = JSON.parse(stdout)
    expect(seen).toMatchObject({ image: [2, 128], text: [2, 128], unknown: true, stop: true, known: true })
    expect(seen.gradient).toBeGreaterThan(0)
    expect(seen.mean).toEqual([0.485, 0.456, 0.406])
    for (const { ids } of provenance.words) expect(seen.trained).toEqual(expect.arrayContaining(ids))
  })

  test('the tower is a DeiT that sees what the archive sees', async () => {
    const { stdout } = await run(python, [
      '-c',
      COMPARE,
      path.join(folder, 'demo.pt'),
      path.join(folder, 'tower.safetensors'),
    ])
    expect(Number(stdout)).toBeLessThan(1e-4)
  })

  test('the same seed gives the same archive, another seed another one', async () => {
    const bytes = async (name: string, seed: string) => readFile(await train(name, '--seed', seed))
    const first = await readFile(path.join(folder, 'demo.pt'))
    expect((await bytes('second.pt', '0')).equals(first)).toBe(true)
    expect((await bytes('other.pt', '1')).equals(first)).toBe(false)
  })

  test('the archive holds no path of the machine that wrote it', async () => {
    const archive = await readFile(path.join(folder, 'demo.pt'))
    expect(archive.includes(root)).toBe(false)
    expect(archive.includes('.debug_pkl')).toBe(false)
  })
})
