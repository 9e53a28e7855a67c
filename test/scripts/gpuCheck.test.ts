import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { writeSafetensors } from '../../lib/formats/safetensors.js'
import { goldenFolder } from '../support/golden.js'
import { needs } from '../support/needs.js'
import { python } from '../support/python.js'

// What scripts/gpu-check does before anything is compiled; gpuCheck.slow.ts builds it and runs it on the processor.

const scripts = join(import.meta.dirname, '../../scripts/gpu-check')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'semples-gpu-check-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(script: string, ...parameters: string[]) {
  const done = spawnSync(python, ['-B', join(scripts, script), ...parameters], { encoding: 'utf8' })
  return { status: done.status, text: done.stdout + done.stderr }
}

/** Runs Python with the modules of the folder and gives what it prints as JSON. */
function evaluate(code: string): unknown {
  const done = spawnSync(
    python,
    ['-B', '-c', `import sys; sys.path.insert(0, sys.argv[1])\n${code}`, scripts, folder],
    {
      encoding: 'utf8',
    },
  )
  if (done.status !== 0) throw new Error(done.stderr)
  return JSON.parse(done.stdout)
}

needs('python').describe('scripts/gpu-check', () => {
  test('check says what to do where nothing is built', () => {
    const { status, text } = run('check', '--out', join(folder, 'nothing'))
    expect(status).toBe(2)
    expect(text).toContain('has nothing built; run scripts/gpu-check/build first')
  })

  test('check refuses what was built for another torch', () => {
    const out = join(folder, 'other')
    mkdirSync(out)
    writeFileSync(join(out, 'gpu-check.json'), JSON.stringify({ library: 'none.so', cuda: null, torch: '1.0', python }))
    const { status, text } = run('check', '--out', out, '--device', 'cpu')
    expect(status).toBe(2)
    expect(text).toContain('was built for torch 1.0, but this Python has')
  })

  test('check refuses a folder without reference tensors', () => {
    const out = join(folder, 'unread')
    mkdirSync(out)
    writeFileSync(join(out, 'gpu-check.json'), JSON.stringify({ library: 'none.so', cuda: null, torch: '1.0', python }))
    const { status, text } = run('check', '--out', out, '--golden', folder)
    expect(status).toBe(2)
    expect(text).toContain(`--golden names ${folder}, which has no reference tensors`)
  })

  test.each([
    [['--python', 'no-such-python'], 'no-such-python cannot be run'],
    [['--cpu', '--jobs', '0'], '--jobs is 1 or more; it was 0'],
  ])('build refuses %j', (parameters, sentence) => {
    const { status, text } = run('build', '--out', join(folder, 'never'), ...parameters)
    expect(status).toBe(1)
    expect(text).toContain(sentence)
  })

  test.each([
    [['--archive', 'nothing.tar.xz'], 'nothing.tar.xz is not there; run scripts/gpu-check/node --pack'],
    [['--jobs', '0'], '--jobs is 1 or more; it was 0'],
  ])('node refuses %j', (parameters, sentence) => {
    const { status, text } = run('node', '--out', join(folder, 'never'), ...parameters)
    expect(status).toBe(1)
    expect(text).toContain(sentence)
  })

  test('reads safetensors as the package writes them, and refuses a torn file', async () => {
    await writeSafetensors(join(folder, 'own.safetensors'), {
      bytes: { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 255) },
      whole: { dtype: 'int64', shape: [1, 2], data: BigInt64Array.of(-3n, 9007199254740993n) },
      single: { dtype: 'float32', shape: [], data: Float32Array.of(0.1) },
      none: { dtype: 'float32', shape: [0, 4], data: new Float32Array() },
    })
    const found = evaluate(`
import json, pathlib, golden
path = pathlib.Path(sys.argv[2]) / 'own.safetensors'
tensors, _ = golden.read_safetensors(path)
torn = pathlib.Path(sys.argv[2]) / 'torn.safetensors'
torn.write_bytes(path.read_bytes()[:-1])
try:
    golden.read_safetensors(torn); message = ''
except ValueError as error:
    message = str(error)
print(json.dumps([{k: [str(t.dtype), list(t.shape), str(t.tolist())] for k, t in tensors.items()}, message]))`) as [
      Record<string, unknown>,
      string,
    ]
    expect(found[0]).toEqual({
      bytes: ['torch.uint8', [3], '[1, 2, 255]'],
      whole: ['torch.int64', [1, 2], '[[-3, 9007199254740993]]'],
      single: ['torch.float32', [], String(Math.fround(0.1))],
      none: ['torch.float32', [0, 4], '[]'],
    })
    expect(found[1]).toContain('is cut off within')
  })

  test('a table row fails where a difference is too large, NaN, of another shape, or nothing was compared', () => {
    const rows = evaluate(`
import json, math, contextlib, io, torch, table
t = table.Table(1.0)
with contextlib.redirect_stdout(io.StringIO()):
    for actual in ([1.0, 2.00001], [1.0, 2.0001], [1.0, math.nan], [1.0]):
        with t.check('a', 'b') as worst:
            worst.close(torch.tensor(actual), torch.tensor([1.0, 2.0]))
    with t.check('a', 'nothing'):
        pass
    with t.check('a', 'breaks'):
        raise RuntimeError('why')
    with t.check('a', 'untouched parameter') as worst:
        worst.optimized(torch.zeros(2), torch.full((2,), 1e-3), 'p', torch.ones(2), 1e-3, 1)
print(json.dumps([[row.ok, row.note] for row in t.rows]))`) as [boolean, string][]
    expect(rows.map(([ok]) => ok)).toEqual([true, false, false, false, false, false, false])
    expect(rows[3][1]).toContain('shape [1], expected [2]')
    expect(rows[5][1]).toBe('RuntimeError: why')
  })

  test('the peer alone computes in its precision, whatever semples left behind', () => {
    const seen = evaluate(`
import json, torch, timing
def flags(): return [torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32]
seen = []
for before, name in ((True, 'float32'), (False, 'tf32')):
    def ours():  # as a model of semples does
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = before
    timing.in_turns(ours, timing.within(timing.PRECISIONS[name], lambda: seen.append(flags())), 'cpu', 1)
    seen.append(flags())
print(json.dumps(seen))`)
    // Times of one repetition: a warm run and a measured one, then what is left.
    const off = [false, false]
    const on = [true, true]
    expect(seen).toEqual([off, off, on, on, on, off])
  })

  test('reads every reference file, rows of large tables put back', () => {
    const shapes = evaluate(`
import json, pathlib, golden
folder = golden.Golden(pathlib.Path(${JSON.stringify(goldenFolder)}))
print(json.dumps({name: len(folder.read(name).tensors) for (name,) in folder.matches('(.+)')}
      | {'embedding': list(folder.read('clip_token_embedding')['token_embedding.weight'].shape)}))`) as Record<
      string,
      number
    >
    expect(shapes).toMatchObject({ embedding: [49408, 24] })
    for (const [name, count] of Object.entries(shapes)) if (name !== 'embedding') expect(count).toBeGreaterThan(0)
  })
})
