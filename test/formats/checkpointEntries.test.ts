import path from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { checkpointEntries } from '../../lib/formats/checkpointEntries.js'
import { readWeights } from '../../lib/formats/stateDict.js'
import { temporaryFiles } from '../datasets/temporaryFiles.js'
import { named, opcodes, text } from './pickle/pickleWriter.js'
import { archive, dictionary, legacy, plain, tensor, two } from './torchWriter.js'

async function readTensors(content: Uint8Array) {
  const folder = await temporaryFiles({ 'weights.pth': content })
  return (await readWeights(path.join(folder, 'weights.pth'))).tensors
}

describe('checkpoints', () => {
  test('what lies beside the weights is listed, with the objects of other programs', async () => {
    const group = opcodes('}', text('kind'), named('mine.Kind'), '(K\x01tRs')
    const content = archive(
      dictionary({
        epoch: opcodes('K\x07'),
        args: opcodes(named('argparse.Namespace'), ')R}', text('lr'), 'K\x01sb'),
        optimizer: dictionary({ param_groups: opcodes('](', group, named('mine.Kind'), '(K\x02tRe') }),
        state_dict: dictionary({ w: tensor(), note: text('made by') }),
      }),
    )
    const file = path.join(await temporaryFiles({ 'weights.pth': content }), 'weights.pth')
    const { tensors, ...others } = await readWeights(file)
    expect(plain(tensors)).toEqual({ w: two })
    expect(others).toEqual({
      unread: new Map(),
      aside: [
        { name: 'epoch', what: '7' },
        { name: 'args', what: 'argparse.Namespace' },
        { name: 'optimizer', what: 'a dictionary of 1 entry' },
        { name: 'state_dict.note', what: '"made by"' },
      ],
      placeholders: [
        { path: 'argparse.Namespace', count: 1, where: 'args' },
        { path: 'mine.Kind', count: 2, where: 'optimizer.param_groups[1]' },
      ],
    })
  })

  test('the first of the known entries in which there are tensors is that of the weights', async () => {
    const settings = dictionary({ name: text('deit'), module: dictionary({}) })
    const content = archive(dictionary({ model: settings, state_dict: dictionary({ w: tensor() }) }))
    expect(plain(await readTensors(content))).toEqual({ w: two })
  })

  test('a dictionary of a class of its own is one', async () => {
    const easy = (entries: Uint8Array) => opcodes(named('easydict.EasyDict'), ')\x81(', entries, 'u')
    const content = archive(easy(opcodes(text('model'), easy(opcodes(text('w'), tensor())))))
    expect(plain(await readTensors(content))).toEqual({ w: two })
  })

  test('an expanded view repeats its numbers', async () => {
    for (const write of [archive, legacy])
      expect(
        plain(await readTensors(write(dictionary({ w: tensor([3, 2], [0, 1], 4), z: tensor([0, 3], [3, 1]) })))),
      ).toEqual({
        w: { dtype: 'float32', shape: [3, 2], data: [4, 5, 4, 5, 4, 5] },
        z: { dtype: 'float32', shape: [0, 3], data: [] },
      })
  })

  test('tensors of other kinds are named with what they are, and not read', async () => {
    const id = (storage: string) =>
      opcodes('(', text('storage'), `ctorch\n${storage}\n`, text('1'), text('cpu'), 'K\x06tQ')
    const eight = opcodes('(', id('UntypedStorage'), 'K\x00K\x06\x85K\x01\x85\x89N', named('torch.float8_e5m2'), 't')
    const subclass = opcodes(named('torchao.AffineQuantizedTensor'), '(', tensor(), 'tR')
    const kinds = {
      w: tensor(),
      complex: opcodes(
        named('torch._utils._rebuild_tensor_v2'),
        '(',
        id('ComplexFloatStorage').subarray(0, -2),
        'tQK\x00))tR',
      ),
      float8: opcodes(named('torch._utils._rebuild_tensor_v3'), eight, 'R'),
      sparse: opcodes(named('torch._utils._rebuild_sparse_tensor'), ')R'),
      subclass,
    }
    for (const [name, type] of [
      ['complex', 'C64'],
      ['float8', 'F8_E5M2'],
      ['sparse', 'sparse'],
      ['subclass', 'torchao.AffineQuantizedTensor'],
    ] as const) {
      const file = path.join(
        await temporaryFiles({
          'w.pth': archive(dictionary({ 'module.w': kinds.w, [`module.${name}`]: kinds[name] })),
        }),
        'w.pth',
      )
      const { tensors, unread, aside } = await readWeights(file)
      expect({ tensors: plain(tensors), unread, aside }).toEqual({
        tensors: { w: two },
        unread: new Map([[name, type]]),
        aside: [],
      })
    }
  })

  test('several dictionaries of tensors under other names are refused, naming them', async () => {
    const weights = dictionary({ w: tensor() })
    const content = archive(dictionary({ student: weights, teacher: weights, epoch: opcodes('K\x01') }))
    await expect(readTensors(content)).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      message: expect.stringMatching(/there are some in student, teacher, and it does not say which/),
      hint: expect.stringContaining('["student"]'),
    })
  })

  test.each([
    ['alone', (state: Uint8Array) => state, /it is the state of an optimiser, and/],
    [
      'in a checkpoint without the network',
      (state: Uint8Array) => dictionary({ epoch: opcodes('K\x01'), optimizer: state }),
      /the state of an optimiser \(optimizer\), and/,
    ],
  ])('the state of an optimiser %s is told', async (_, wrap, message) => {
    const state = dictionary({ state: dictionary({ exp_avg: tensor() }), param_groups: opcodes('](}e') })
    await expect(readTensors(archive(wrap(state)))).rejects.toMatchObject({
      code: 'SEMPLES_CHECKPOINT_INVALID',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('model.state_dict()'),
    })
  })
})

test('a dictionary that many entries name is looked through once', () => {
  let looks = 0
  class Counted extends Map<string, null> {
    override [Symbol.iterator]() {
      looks += 1
      return super[Symbol.iterator]()
    }
  }
  const inner = new Counted([['a', null]])
  const root = new Map(Array.from({ length: 1000 }, (_, index) => [`entry${index}`, inner]))
  expect(() => checkpointEntries(root, 'weights.pth')).toThrow(/no tensor in its dictionary/)
  expect(looks).toBe(1)
})
