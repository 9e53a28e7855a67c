import { expect, test } from '@jest/globals'
import { otherNetwork } from '../../../lib/models/foreign/otherNetworks.js'
import { weaktrTensors } from '../../../lib/models/foreign/own.js'
import { judgeLoad } from '../../../lib/models/foreign/plan.js'

const model = weaktrTensors({ width: 384, depth: 1, heads: 6, patchSize: 16, grid: 14 }, 2)

test.each([
  ['LoRA', ['base.layers.0.q_proj.lora_A.weight', 'base.layers.0.q_proj.lora_B.weight']],
  ['BERT', ['bert.embeddings.word_embeddings.weight', 'bert.encoder.layer.0.attention.self.query.weight']],
  [
    'Llama',
    ['model.embed_tokens.weight', 'model.layers.0.self_attn.q_proj.weight', 'model.norm.weight', 'lm_head.weight'],
  ],
])('%s as weights of a generator is told by what it is, and no sizes of a generator are asked for', (word, names) => {
  expect(otherNetwork(names)!.what).toContain(word)
  const judged = judgeLoad(
    new Map(names.map((name) => [name, { shape: [2, 2], dtype: 'float32' }])),
    model,
    'start',
    'a.pth',
  )
  expect('refused' in judged && judged.refused.message).toContain(word)
  expect('refused' in judged && judged.refused.hint).not.toMatch(/sizes|removeprefix/)
})
