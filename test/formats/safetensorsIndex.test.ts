import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { readWeights } from '../../lib/formats/stateDict.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'

const one = { dtype: 'float32' as const, shape: [2], data: Float32Array.of(1, 2) }
const other = { dtype: 'float32' as const, shape: [1], data: Float32Array.of(3) }
const [FIRST, SECOND] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']
const INDEX = 'model.safetensors.index.json'
const MAP = { 'model.a': FIRST, 'model.b': SECOND, 'model.c': SECOND }

/** Three tensors in two parts, with an index that may say something else. */
async function folderOf(index: unknown): Promise<string> {
  const text = typeof index === 'string' ? index : JSON.stringify(index)
  const folder = await temporaryFiles({ [INDEX]: text })
  await writeSafetensors(join(folder, FIRST), { 'model.a': one })
  await writeSafetensors(join(folder, SECOND), { 'model.b': other, 'model.c': one })
  return folder
}

describe('an index of safetensors', () => {
  test('gives the tensors of all parts, under any name, with or without metadata', async () => {
    for (const index of [{ metadata: { total_size: 20 }, weight_map: MAP }, { weight_map: MAP }]) {
      const folder = await folderOf(index)
      const renamed = join(folder, 'weights.json')
      await writeFile(renamed, await readFile(join(folder, INDEX)))
      for (const path of [join(folder, INDEX), renamed]) {
        expect(await readWeights(path)).toEqual({
          tensors: { a: one, b: other, c: one },
          unread: new Map(),
          placeholders: [],
          aside: [],
        })
      }
    }
  })

  test('follows parts that are links, as the cache of Hugging Face has them', async () => {
    const folder = await folderOf({ weight_map: MAP })
    const linked = join(folder, 'snapshot')
    await mkdir(linked)
    for (const name of [INDEX, FIRST, SECOND]) await symlink(join('..', name), join(linked, name))
    expect(Object.keys((await readWeights(join(linked, INDEX))).tensors)).toEqual(['a', 'b', 'c'])
  })

  const refused: [what: string, index: unknown, message: RegExp, file?: string][] = [
    [
      'a part that is not there',
      { weight_map: { ...MAP, d: 'third.safetensors' } },
      /Of the 3 parts .*third\.safetensors is not beside it.*Download it/,
    ],
    [
      'a tensor that its part lacks',
      { weight_map: { ...MAP, d: FIRST } },
      /lacks tensor d, which the index .* says lies there.*fetch all files again/,
      FIRST,
    ],
    [
      'a tensor that is not named',
      { weight_map: { 'model.a': FIRST, 'model.b': SECOND } },
      /holds tensor model\.c, which the index .* does not name/,
      SECOND,
    ],
    ['a tensor that lies in another part', { weight_map: { ...MAP, 'model.c': FIRST } }, /tensor model\.c/, FIRST],
    [
      'a folder above',
      { weight_map: { ...MAP, d: '../x.safetensors' } },
      /tensor d lies in "\.\.\/x\.safetensors", which is not in its folder/,
    ],
    ['a folder below', { weight_map: { d: 'sub/x.safetensors' } }, /not in its folder/],
    ['an absolute path', { weight_map: { d: '/etc/passwd' } }, /"\/etc\/passwd", which is not in its folder/],
    ['a path of Windows', { weight_map: { d: 'C:\\x.safetensors' } }, /not in its folder/],
    ['a path of Windows that goes up', { weight_map: { d: '..\\x.safetensors' } }, /not in its folder/],
    ['the folder itself', { weight_map: { d: '..' } }, /not in its folder/],
    ['no name', { weight_map: { d: '' } }, /not in its folder/],
    [
      'parts of torch',
      { weight_map: { d: 'pytorch_model-00001-of-00002.bin' } },
      /only parts in safetensors are read.*safe_serialization=True/,
    ],
    ['a number for a file', { weight_map: { d: 1 } }, /weight_map .* does not say for each tensor in which file/],
    ['a list', { weight_map: [FIRST] }, /weight_map .* does not say/],
    ['nothing', { weight_map: {} }, /weight_map .* is empty/],
    ['a tensor twice', `{"weight_map": {"a": "${FIRST}", "a": "${SECOND}"}}`, /names a twice/],
    ['no map', { metadata: {} }, /JSON text, and no index of weights.*model\.safetensors/],
    ['half of itself', '{"weight_map": {"a": ', /begins like a JSON text, and is none or cut off/],
  ]

  test.each(refused)('that says %s is refused', async (_, index, message, file = INDEX) => {
    const folder = await folderOf(index)
    await expect(readWeights(join(folder, INDEX))).rejects.toMatchObject({
      name: 'SemplesError',
      code: 'SEMPLES_CHECKPOINT_INVALID',
      file: join(folder, file),
      message: expect.stringMatching(message),
    })
  })

  test('with a part that is cut off is refused naming the part', async () => {
    const folder = await folderOf({ weight_map: MAP })
    await truncate(join(folder, SECOND), 90)
    await expect(readWeights(join(folder, INDEX))).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      file: join(folder, SECOND),
    })
  })
})

describe('one part alone', () => {
  test('is refused with the index that lies beside it, or has to be fetched', async () => {
    const folder = await folderOf({ weight_map: MAP })
    await expect(readWeights(join(folder, SECOND))).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      message: expect.stringContaining(
        `part 2 of 2 of weights that were cut into several files. Give their index instead: ${join(folder, INDEX)}`,
      ),
    })
    const alone = await temporaryFiles({})
    await writeSafetensors(join(alone, FIRST), { a: one })
    await expect(readWeights(join(alone, FIRST))).rejects.toMatchObject({
      message: expect.stringMatching(/part 1 of 2 .*Download the other parts and model\.safetensors\.index\.json/),
    })
  })

  test('that is the only one is read', async () => {
    const folder = await temporaryFiles({})
    await writeSafetensors(join(folder, 'model-00001-of-00001.safetensors'), { a: one })
    expect(Object.keys((await readWeights(join(folder, 'model-00001-of-00001.safetensors'))).tensors)).toEqual(['a'])
  })
})
