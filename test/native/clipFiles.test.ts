import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Clip } from '../../lib/models/clip/clip.js'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { loadCheckpoint, loadPretrained } from '../../lib/models/weights.js'
import { rejection } from '../config/refusal.js'
import { temporaryFolder } from '../libtorch/folders.js'
import { expectClose } from '../support/close.js'
import { describeArchives, describeNative, differences, float32, tiny } from './models.js'

const open = (path: string) => rejection(Clip.open({ path }))

describeNative('a CLIP archive that is none', () => {
  const folder = temporaryFolder()
  const file = (name: string, content: Uint8Array | string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }

  test.each<[string, () => string, RegExp]>([
    ['missing', () => join(folder, 'nowhere.pt'), /does not exist/],
    ['a folder', () => folder, /it is a folder/],
    ['a device', () => '/dev/null', /no file, but a pipe, a socket or a device/],
    ['empty', () => file('empty.pt', ''), /is empty/],
    ['text', () => file('text.pt', 'version https://git-lfs.github.com/spec/v1\n'), /holds no weights/],
    [
      'noise',
      () =>
        file(
          'noise.pt',
          Uint8Array.from({ length: 5000 }, (_, index) => (index * 2654435761) >>> 24),
        ),
      /holds no weights/,
    ],
  ])('%s: an error that names the file', async (_, path, message) => {
    const error = await open(path())
    expect(error).toMatchObject({ code: 'SEMPLES_CLIP_INVALID', file: path() })
    expect(error.message).toMatch(message)
    expect(error.message).toContain(path())
    expect(error.hint).toMatch(
      /ViT-B-32\.pt|git lfs pull|Download the file|Give the file in it|Save what comes from it/,
    )
    expect(error.message).not.toMatch(/frame #|Exception raised from/)
  })

  test('a name that is not ASCII', async () => {
    const path = join(folder, 'große Modelle', '模型.pt')
    mkdirSync(dirname(path))
    expect((await open(path)).message).toMatch(/does not exist/)
    writeFileSync(path, 'text')
    expect(await open(path)).toMatchObject({
      file: path,
      message: expect.stringContaining('holds no weights'),
    })
  })
})

describeArchives('an archive that is no CLIP', (archive) => {
  test.each([
    ['zip', /zip archive that torch\.save did not write/],
    ['pickle', /no tensor in its dictionary/],
    ['pickled_tensors', /is no CLIP: its tensors are weight/],
    ['no_clip', /not a CLIP.*encode_image/],
  ])('%s', async (name, message) => {
    const error = await open(archive(name))
    expect(error).toMatchObject({ code: 'SEMPLES_CLIP_INVALID', file: archive(name) })
    expect(error.message).toMatch(message)
  })

  test.each([
    ['lacking', 'ln_final.weight', undefined],
    ['no_blocks', 'visual.transformer.resblocks.0.ln_1.weight', undefined],
    ['wrong_rank', 'visual.proj', '[32]'],
    ['wrong_width', 'transformer.resblocks.0.mlp.c_fc.weight', '[64, 17]'],
    ['no_square', 'visual.positional_embedding', '[8, 32]'],
  ])('OpenAI layout, %s: the parameter is named', async (name, field, value) => {
    const error = await open(archive(name))
    expect(error).toMatchObject({ code: 'SEMPLES_CLIP_INVALID', file: archive(name), field })
    expect(error.value).toBe(value)
    expect(error.message).toContain(field)
  })

  test.each([
    ['raises', /failed in encode_image: .*no pictures today/],
    ['shape', /encode_image of this CLIP archive gives a wrong result.*received.*\[1, 3\]/],
  ])('its own code goes wrong (%s): the method is named, and the archive stays usable', async (name, message) => {
    const clip = await Clip.open({ path: archive(name) })
    const error = await rejection(clip.encodeImage(float32([1, 3, 32, 32])))
    expect(error).toMatchObject({ code: 'SEMPLES_CLIP_INVALID', field: 'encode_image' })
    expect(error.message).toMatch(message)
    expect(await rejection(clip.encodePatches(float32([1, 3, 32, 32])))).toMatchObject({
      code: 'SEMPLES_CLIP_INVALID',
    })
    // Optional methods that the archive does not have are named; it serves for all else.
    expect(clip.info.insides).toBe(false)
    for (const [method, call] of [
      ['encode_blocks', () => clip.encodeBlocks(float32([1, 3, 32, 32]))],
      ['finish_block', () => clip.finishBlock(float32([1, 17, 32]))],
    ] as const)
      expect(await rejection(call())).toMatchObject({
        code: 'SEMPLES_CLIP_INVALID',
        field: method,
        message: expect.stringContaining(`inside its image tower: it has no method ${method}`),
        hint: expect.stringContaining('export.py'),
      })
    expect((await clip.encodeText({ dtype: 'int64', shape: [1, 16], data: new BigInt64Array(16) })).shape).toEqual([
      1, 16,
    ])
  })

  test('both layouts of the same weights give the same features', async () => {
    const images = float32([2, 3, 32, 32], (index) => Math.sin(index))
    const [first, second] = await Promise.all(
      ['openai', 'interface'].map(async (name) => (await Clip.open({ path: archive(name) })).encodeImage(images)),
    )
    expectClose(second!, first!, { relMax: 1e-5 })
  })
})

describe('a checkpoint', () => {
  describeNative('of another architecture', () => {
    const other = { ...tiny, classes: 4, depth: 3 }

    test('is refused by the names of its tensors, and nothing is changed', async () => {
      const [generator, source] = await Promise.all([MaskGenerator.create(tiny), MaskGenerator.create(other)])
      const before = await generator.state()
      const foreign = await source.state()
      const error = await rejection(loadCheckpoint(generator, foreign, 'weights.safetensors'))
      expect(error).toMatchObject({ code: 'SEMPLES_CHECKPOINT_MISMATCH', file: 'weights.safetensors' })
      expect(error.message).toMatch(/depth 3 \(generator: 2\), 4 classes \(generator: 3\)/)
      expect(error.hint).toMatch(/generator: \{ depth: 3 \}/)
      for (const options of [{}, { strict: true }])
        expect((await rejection(generator.load(foreign, options))).code).toBe('SEMPLES_CHECKPOINT_MISMATCH')
      const { 'head.bias': _, ...lacking } = before
      expect((await rejection(generator.load(lacking))).message).toMatch(/head\.bias is missing/)
      expect((await rejection(loadPretrained(generator, foreign, 'deit.safetensors'))).code).toBe(
        'SEMPLES_CHECKPOINT_MISMATCH',
      )
      expect(differences(await generator.state(), before)).toEqual([])
    })

    test('without `strict`, what fits is taken and the rest reported', async () => {
      const [generator, source] = await Promise.all([
        MaskGenerator.create(tiny),
        MaskGenerator.create({ ...other, seed: 99 }),
      ])
      const foreign = await source.state()
      const report = await generator.load(foreign, { strict: false })
      expect(report.missing).toEqual([])
      expect(report.unexpected).toContain('blocks.2.mlp.fc2.bias')
      expect(report.mismatched).toContainEqual('head.weight: file [4, 16, 3, 3], model [3, 16, 3, 3]')
      expect((await generator.state())['blocks.1.mlp.fc1.weight']).toEqual(foreign['blocks.1.mlp.fc1.weight'])
    })

    test.each([
      ['pos_embed', float32([1, 1, 16])],
      ['pos_embed', float32([1, 0, 16])],
      ['pos_embed', float32([])],
      ['head.bias', float32([])],
      ['cls_token', float32([1, 1, 99])],
    ])('odd shapes of %s are no crash while a DeiT is fitted', async (name, tensor) => {
      const generator = await MaskGenerator.create(tiny)
      const weights = { ...(await generator.state()), [name]: tensor }
      const error = await rejection(loadPretrained(generator, weights, 'deit.pth'))
      expect(error.code).toBe('SEMPLES_CHECKPOINT_MISMATCH')
      expect(error.message).toContain(name)
    })
  })
})
