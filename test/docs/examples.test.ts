import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { needs } from '../support/needs.js'
import { type PublicApi, readPublicApi, type Snippet, snippetsOfDocuments } from './examples/publicApi.js'
import { announced, isAsAnnounced, makePackage, runExample } from './examples/runExample.js'
import { trainRun, writeWorld } from './examples/world.js'

/**
 * What is changed in an example before it runs, each a text that is in it once: weights that the machine does not have
 * give way to those of the package, and hours to two steps.
 */
const substitutions: Record<string, [shown: string, run: string][]> = {
  trainSemPLeS: [
    [`preset: 'voc2012',`, `preset: 'demo', epochs: 1, maxSteps: 2, batch: 4,`],
    [`generator: { weights: 'deit_small_patch16_224-cd65a155.pth' },`, ''],
    [`clip: 'ViT-B-32.pt',`, ''],
  ],
  trainSegmenter: [
    [
      `model: { kind: 'deeplabv3plus', backbone: 'efficientnet-lite0', weights: 'efficientnet-lite0' },`,
      // In one line, as announced lines are counted.
      `preset: 'demo', train: { epochs: 1, maxSteps: 2, batch: 2 }, model: { weights: 'random', imageSize: 96, width: 32, depth: 1, heads: 2 },`,
    ],
  ],
  runDemo: [['{ seed: 303 }', '{ seed: 303 }, { train: 8, val: 2, changes: { epochs: 1, maxSteps: 1 } }']],
}

/** What an example makes itself, and must not find. */
const madeByExample: Record<string, string[]> = { trainSemPLeS: ['runs'], generateMasks: ['masks'] }

/** Examples that need the addon, or a run that it trained; all others run without it. */
const native = [
  'diagnose',
  'exportRun',
  'generateMasks',
  'loadRun',
  'predictMasks',
  'refineMask',
  'refineMasks',
  'reportRun',
  'runDemo',
  'trainSegmenter',
  'trainSemPLeS',
]

/** What snippets of documents take from the text around them. */
const declared: Record<string, string> = {
  'README.md': 'declare const data: Uint8Array, width: number, height: number, scores: Float32Array',
  'docs/errors.md': `declare const config: import('semples').TrainConfigInput & { out: string }`,
  'docs/segment.md': 'declare const frames: AsyncIterable<Uint8Array>, show: (index: number, mask: Uint8Array) => void',
  'docs/report.md': `import { generateMasks } from 'semples'; declare const run: string, out: string`,
}

/** Types that nobody needs to name: parts of what diagnose finds on a machine. */
const unnamed = / \(Diagnosis\)$/

const snippets: Snippet[] = snippetsOfDocuments().map(({ name, code }) => ({
  name,
  code: `${code}\n${declared[name.split(':')[0]!] ?? ''}\n`,
}))
const api: PublicApi = readPublicApi(snippets)

test('every public function has one example, and no other has', () =>
  expect(api.examples.map(({ name }) => name).sort()).toEqual([...api.callable].sort()))

test('public functions are declared as functions, so that editors show one docstring everywhere', () =>
  expect(api.constants).toEqual([]))

test('every type that a signature names can be imported', () =>
  expect(api.hiddenTypes.filter((name) => !unnamed.test(name))).toEqual([]))

test('there are snippets in the README and the documents', () => expect(snippets.length).toBeGreaterThanOrEqual(4))

test.each([...api.examples, ...snippets].map((snippet) => [snippet.name, snippet] as const))(
  '%s has the types of the package',
  (_, snippet) => expect(api.problemsOf(snippet)).toEqual([]),
)

describe('examples as programs', () => {
  let root: string
  let semples: string
  let trained: Promise<void> | undefined
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'semples-examples-'))
    semples = await makePackage()
    await writeWorld(join(root, 'world'))
  })
  afterAll(async () => {
    for (const folder of [root, semples]) await rm(folder, { recursive: true, force: true })
  })

  for (const { name, code } of api.examples) {
    const isNative = native.includes(name)
    const run = isNative ? needs('build').test : test
    run(`${name} prints what its comments say`, async () => {
      const [world, folder] = [join(root, 'world'), join(root, name)]
      if (isNative) {
        trained ??= trainRun(world)
        await trained
      }
      await cp(world, folder, { recursive: true })
      for (const path of madeByExample[name] ?? []) await rm(join(folder, path), { recursive: true })
      const printed = await runExample(substituted(name, code), folder, semples)
      expect(announced(code)).not.toEqual([])
      for (const { line, text } of announced(code)) {
        const first = printed.find(([at]) => at === line)?.[1]
        expect([line, first]).toEqual([line, expect.any(String)])
        if (text !== undefined && !isAsAnnounced(text, first!)) expect(first).toBe(text)
      }
    })
  }
})

function substituted(name: string, code: string): string {
  return (substitutions[name] ?? []).reduce((text, [shown, run]) => {
    expect(text.split(shown)).toHaveLength(2)
    return text.replace(shown, run)
  }, code)
}
