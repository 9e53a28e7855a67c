import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from '@jest/globals'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { goldenFolder, readGolden } from './golden.js'
import { needs } from './needs.js'
import { runScript } from './python.js'

/** The two layouts of a TorchScript CLIP and the script that writes each. */
const SCRIPTS = {
  interface: ['scripts/clip/export.py'],
  openai: ['scripts/clip/openai_archive.py', '--dtype', 'float32', '--no-heads'],
} as const
export type Layout = keyof typeof SCRIPTS

/**
 * The golden CLIP written as an archive of the given layout, once before the tests of the enclosing describe; needs Python.
 */
export function describeClipArchives(body: (layout: Layout, archive: () => string) => void): void {
  for (const layout of ['interface', 'openai'] as const) {
    needs('python').describe(`${layout} archive`, () => {
      let folder = ''
      beforeAll(async () => {
        folder = await mkdtemp(join(tmpdir(), 'semples-clip-'))
        await writeGoldenArchive(layout, folder)
      })
      afterAll(() => rm(folder, { recursive: true, force: true }))
      body(layout, () => join(folder, 'clip.pt'))
    })
  }
}

async function writeGoldenArchive(layout: Layout, folder: string): Promise<void> {
  const weights = await readGolden('clip_weights')
  const embedding = await readGolden('clip_token_embedding')
  const merged = join(folder, 'weights.safetensors')
  await writeSafetensors(merged, { ...weights.tensors, ...embedding.tensors })
  const [script, ...options] = SCRIPTS[layout]
  const config = join(goldenFolder, 'clip_config.json')
  await runScript(script, ...options, '--weights', merged, '--config', config, '--out', join(folder, 'clip.pt'))
}
