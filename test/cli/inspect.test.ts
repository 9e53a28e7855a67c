import { expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import type { Inspection } from '../../lib/runs/inspect/types.js'
import { run } from './fakes.js'

const weights: Inspection = {
  path: 'deit.pth',
  kind: 'weights',
  what: 'the weights of a DeiT',
  facts: [
    { name: 'format', text: 'torch.save, 2 tensors, 1.0 MB' },
    { name: 'left out', text: 'head.weight' },
    { name: '', text: 'and more' },
  ],
  notes: ['shapes do not tell the heads: set generator.heads'],
  next: { text: 'Give it:', commands: ['npx semples train --weights deit.pth'] },
  weights: {
    format: 'torch.save',
    tensors: [{ name: 'cls_token', dtype: 'float32', shape: [1, 1, 384] }],
    bytes: 4,
    aside: [],
    placeholders: [],
  },
}

test('prints what a file is, aligned, and what to type', async () => {
  const ran = await run(['inspect', 'deit.pth'], { inspect: async () => weights })
  expect([ran.status, ran.err]).toEqual([0, []])
  expect(ran.calls).toEqual([['inspect', { path: 'deit.pth' }]])
  expect(ran.out).toEqual([
    'deit.pth is the weights of a DeiT',
    '  format    torch.save, 2 tensors, 1.0 MB',
    '  left out  head.weight',
    '            and more',
    '! Shapes do not tell the heads: set generator.heads.',
    'Give it:',
    '  npx semples train --weights deit.pth',
  ])
})

test('--tensors prints every tensor', async () => {
  const ran = await run(['inspect', 'deit.pth', '--tensors'], { inspect: async () => weights })
  expect(ran.out).toContain('  cls_token  float32 [1, 1, 384]')
})

test('a refusal is printed with what to do, and is no failure of the command', async () => {
  const refused = { message: 'It reads texts.', hint: 'Give a DeiT.' }
  const ran = await run(['inspect', 'a'], { inspect: async () => ({ ...weights, next: undefined, refused }) })
  expect(ran.status).toBe(0)
  expect(ran.out.slice(-2)).toEqual(['x It reads texts.', '  Give a DeiT.'])
})

test('several files: each in turn, and exit status 1 where one is not understood', async () => {
  const inspect = async (path: string): Promise<Inspection> => {
    if (path === 'bad') throw new SemplesError('SEMPLES_FILE_UNKNOWN', { message: 'bad is nothing.', file: path })
    return { path, kind: 'picture', what: 'a JPEG picture', facts: [], notes: [] }
  }
  const ran = await run(['inspect', 'a', 'bad', 'b'], { inspect })
  expect(ran.status).toBe(1)
  expect(ran.out).toEqual(['a is a JPEG picture', '', 'b is a JPEG picture'])
  expect(ran.err.join()).toContain('bad is nothing.')
  const json = await run(['inspect', 'a', 'bad', '--json'], { inspect })
  expect(json.out).toHaveLength(1)
  expect(JSON.parse(json.out[0]!)).toEqual([
    { path: 'a', kind: 'picture', what: 'a JPEG picture', facts: [], notes: [] },
    { path: 'bad', error: { code: 'SEMPLES_FILE_UNKNOWN', message: 'bad is nothing.' } },
  ])
})

test('a file must be named', async () => {
  expect((await run(['inspect'])).status).toBe(2)
})
