import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { writeGoldenClip } from '../support/golden.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))

const OPEN_CLIP = `
import json, os
import torch
from safetensors.torch import load_file

STAND_IN = json.loads(os.environ["STAND_IN"])
CONFIG = json.load(open(STAND_IN["config"]))


class QuickGELU(torch.nn.Module):
    pass


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gelu = QuickGELU() if STAND_IN["activation"] == "QuickGELU" else torch.nn.GELU()

    def state_dict(self):
        return {**load_file(STAND_IN["weights"]), **load_file(STAND_IN["tokens"])}


def get_model_config(name):
    return {
        "embed_dim": CONFIG["embed_dim"],
        "vision_cfg": {
            "image_size": CONFIG["image_resolution"],
            "layers": CONFIG["vision_layers"],
            "width": CONFIG["vision_width"],
            "head_width": CONFIG["vision_width"] // CONFIG["vision_heads"],
            "patch_size": CONFIG["vision_patch_size"],
        },
        "text_cfg": {
            "context_length": CONFIG["context_length"],
            "vocab_size": CONFIG["vocab_size"],
            "width": CONFIG["transformer_width"],
            "heads": CONFIG["transformer_heads"],
            "layers": CONFIG["transformer_layers"],
        },
    }


def create_model(name, pretrained):
    return Model()
`

needs('python').describe('CLIP export scripts', () => {
  let folder: string
  let golden: string
  let [weights, tokens, config] = ['', '', '']
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'semples-clip-'))
    golden = path.join(folder, 'golden')
    await mkdir(golden)
    await writeGoldenClip(golden)
    weights = path.join(golden, 'clip_weights.safetensors')
    tokens = path.join(golden, 'clip_token_embedding.safetensors')
    config = path.join(golden, 'clip_config.json')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const script = (name: string, ...args: string[]) => run(python, [path.join(root, name), ...args])
  const compare = async (archive: string) => {
    const { stdout } = await script('test/clip/reference.py', archive, golden)
    return JSON.parse(stdout) as {
      errors: Record<string, number>
      attributes: Record<string, unknown>
      trainable: number
    }
  }

  test('reproduces the reference features and gradients from OpenAI names', async () => {
    const out = path.join(folder, 'openai.pt')
    await script(
      'scripts/clip/export.py',
      ...['--weights', weights, '--token-embedding', tokens, '--config', config, '--out', out],
    )
    const { errors, attributes, trainable } = await compare(out)
    expect(Object.keys(errors).length).toBeGreaterThanOrEqual(7)
    for (const [name, error] of Object.entries(errors))
      expect({ name, within: error < (name.includes('gradient') ? 1e-4 : 1e-5) }).toEqual({ name, within: true })
    expect(attributes).toMatchObject({
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
    })
    expect(trainable).toBe(0)
  })

  test('reads the same weights under the names of Hugging Face', async () => {
    const out = path.join(folder, 'hugging-face.pt')
    await script('test/clip/hugging_face.py', golden, folder)
    await script(
      'scripts/clip/export.py',
      ...['--weights', path.join(folder, 'model.safetensors'), '--config', path.join(folder, 'config.json')],
      ...['--out', out],
    )
    const { errors } = await compare(out)
    expect(Math.max(...Object.values(errors))).toBeLessThan(1e-4)
  })

  test('an archive in the layout of OpenAI can be exported, to the precision of its half weights', async () => {
    const archive = path.join(folder, 'half.pt')
    const out = path.join(folder, 'from-half.pt')
    await script(
      'scripts/clip/openai_archive.py',
      ...['--weights', weights, '--token-embedding', tokens, '--config', config, '--out', archive],
    )
    await script('scripts/clip/export.py', '--weights', archive, '--config', config, '--out', out)
    const { errors } = await compare(out)
    expect(errors.image).toBeGreaterThan(1e-6)
    expect(errors.image).toBeLessThan(5e-3)
    expect(errors.text_features).toBeLessThan(5e-3)
  })

  test.each([
    ['QuickGELU', 'OpenAI', 1e-5],
    ['GELU', 'others', 1],
  ] as const)(
    'R17: the made model of open_clip says its activation, whatever its name: %s',
    async (activation, _, error) => {
      // The golden CLIP has OpenAI's activation; this stand-in for open_clip gives it under a name that does not say so.
      const stand = path.join(folder, activation)
      await mkdir(stand)
      await writeFile(path.join(stand, 'open_clip.py'), OPEN_CLIP)
      const out = path.join(stand, 'clip.pt')
      const { stdout } = await run(
        python,
        [path.join(root, 'scripts/clip/export.py'), '--open-clip', 'ViT-B-32', '--out', out],
        {
          env: {
            ...process.env,
            PYTHONPATH: stand,
            STAND_IN: JSON.stringify({ weights, tokens, config, activation }),
          },
        },
      )
      expect(stdout).toMatch(activation === 'QuickGELU' ? /activation quick_gelu/ : /activation gelu/)
      const { errors } = await compare(out)
      if (activation === 'QuickGELU') expect(errors.image).toBeLessThan(error)
      else expect(errors.image).toBeGreaterThan(1e-4)
    },
  )

  test('weights that do not fit the configuration are refused by name, and nothing is written', async () => {
    const out = path.join(folder, 'refused.pt')
    const failed = script('scripts/clip/export.py', '--weights', weights, '--config', config, '--out', out)
    await expect(failed).rejects.toMatchObject({
      stderr: expect.stringContaining('1 missing (token_embedding.weight)'),
    })
    expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([])
  })

  test('a configuration without a size is refused with the keys that are expected', async () => {
    const broken = path.join(folder, 'broken.json')
    await writeFile(broken, '{"embed_dim": 32}')
    const failed = script('scripts/clip/export.py', '--weights', weights, '--config', broken, '--out', `${broken}.pt`)
    await expect(failed).rejects.toMatchObject({ stderr: expect.stringContaining('vision_patch_size') })
  })
})
