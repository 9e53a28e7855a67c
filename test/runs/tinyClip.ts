import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { needs } from '../support/needs.js'
import { runScript } from '../support/python.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const SCRIPT = 'scripts/clip/openai_archive.py'

/** A CLIP of random weights that takes milliseconds: pictures of 32 x 32, texts of 24 tokens, features of 32. */
export const tinyClip = {
  embed_dim: 32,
  image_resolution: 32,
  vision_layers: 1,
  vision_width: 64,
  vision_heads: 1,
  vision_patch_size: 16,
  context_length: 24,
  vocab_size: 49408,
  transformer_width: 32,
  transformer_heads: 1,
  transformer_layers: 1,
}

/** The archive of `tinyClip` in OpenAI's layout: written once, then kept with other caches of development. */
export async function tinyClipArchive(): Promise<string> {
  const config = JSON.stringify(tinyClip)
  const hash = createHash('sha256').update(config)
  for (const name of [SCRIPT, 'scripts/clip/model.py', 'scripts/clip/export.py', 'scripts/clip/weights.py'])
    hash.update(await readFile(join(root, name)))
  const cache = join(root, 'node_modules/.cache')
  const archive = join(cache, `semples-test-clip-${hash.digest('hex').slice(0, 16)}.pt`)
  if (existsSync(archive)) return archive
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'semples-test-clip-'))
  try {
    await writeFile(join(folder, 'config.json'), config)
    const written = join(folder, 'clip.pt')
    await runScript(SCRIPT, '--dtype', 'float32', '--config', join(folder, 'config.json'), '--out', written)
    await rename(written, archive)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return archive
}

/** Tests that need a CLIP, which Python writes. */
export const describeWithClip = needs('python').describe
