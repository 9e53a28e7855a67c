import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { listWeights, removeWeights } from '../../lib/weights/cache.js'
import { likelyWeightsPath, weightsPath } from '../../lib/weights/find.js'
import { placesOf } from '../../lib/weights/places.js'
import { weightsNamed } from '../../lib/weights/table.js'
import { temporaryFolder, withEnvironment } from '../libtorch/folders.js'

const home = temporaryFolder()
const base = { SEMPLES_CACHE: join(home, 'own'), HOME: home, TORCH_HOME: undefined, XDG_CACHE_HOME: undefined }
const placesIn = (name: string, environment: Record<string, string | undefined>) =>
  withEnvironment({ ...base, ...environment }, () => placesOf(weightsNamed(name)))

const own = (file: string) => ({ file: join(home, 'own', 'weights', file), by: 'semples' })
const hubFile = join('hub', 'checkpoints', 'deit_small_patch16_224-cd65a155.pth')

// The documentation of torch.hub: $TORCH_HOME/hub, by default in $XDG_CACHE_HOME/torch, by default in ~/.cache/torch.
test.each([
  ['nothing', {}, join(home, '.cache', 'torch')],
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/xdg' }, '/xdg/torch'],
  ['TORCH_HOME', { TORCH_HOME: '/torch' }, '/torch'],
  ['both: TORCH_HOME', { TORCH_HOME: '/torch', XDG_CACHE_HOME: '/xdg' }, '/torch'],
  ['empty ones', { TORCH_HOME: '', XDG_CACHE_HOME: '' }, join(home, '.cache', 'torch')],
])('DeiT is looked for in the own cache, then where torch.hub keeps it, by %s', async (_, environment, torch) => {
  expect(await placesIn('deit-small', environment)).toEqual([
    own('deit-small.pth'),
    { file: join(torch, hubFile), by: 'torch.hub' },
  ])
})

test("CLIP is looked for where OpenAI's package keeps it, whatever the cache folder", async () => {
  const expected = [own('clip-vit-b-32.pt'), { file: join(home, '.cache', 'clip', 'ViT-B-32.pt'), by: 'clip' }]
  for (const environment of [{}, { XDG_CACHE_HOME: '/xdg', TORCH_HOME: '/torch' }])
    expect(await placesIn('clip-vit-b-32', environment)).toEqual(expected)
})

test('what is of a wheel lies in the own cache alone', async () => {
  expect(await placesIn('efficientnet-lite0', {})).toEqual([own('efficientnet-lite0.pth')])
})

test('the list and estimates take what is there, use compares it, and removing leaves it to who fetched it', async () => {
  const file = join(home, '.cache', 'clip', 'ViT-B-32.pt')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, 'not a CLIP')
  await withEnvironment(base, async () => {
    const [line, ...others] = listWeights()
    expect(line).toMatchObject({ name: 'clip-vit-b-32', file, by: 'clip', bytes: 10 })
    expect(others.filter((each) => each.file !== undefined)).toEqual([])
    expect(likelyWeightsPath('clip-vit-b-32')).toBe(file)
    expect(likelyWeightsPath('clip-vit-b-16')).toBe('clip-vit-b-16')
    expect(likelyWeightsPath('/clip.pt')).toBe('/clip.pt')
    await expect(weightsPath('clip-vit-b-32', 'clip')).rejects.toMatchObject({
      code: 'SEMPLES_CLIP_MISSING',
      field: 'clip.path',
      message: expect.stringContaining(`${file}, which clip fetched, does not have their sha256`),
      hint: 'Type: npx semples weights fetch clip-vit-b-32',
    })
    await expect(removeWeights('clip-vit-b-32')).rejects.toMatchObject({ code: 'SEMPLES_WEIGHTS_MISSING' })
  })
})

test.each([
  ['clip-vit-b-32', 'generator', 'generator.weights', /is a CLIP.*Give it as clip\.path \(--clip clip-vit-b-32\)/],
  ['deit-small', 'clip', 'clip.path', /weights of a mask generator.*generator\.weights \(--weights deit-small\)/],
] as const)('%s is no value for %s', async (name, use, field, message) => {
  await withEnvironment(base, () =>
    expect(weightsPath(name, use)).rejects.toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      field,
      value: name,
      message: expect.stringMatching(message),
    }),
  )
})
