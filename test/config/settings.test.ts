import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { readConfigFile } from '../../lib/config/file.js'
import { applySettings, parseSetting } from '../../lib/config/settings.js'
import type { TrainConfigInput } from '../../lib/config/types.js'
import { refusal, rejection } from './refusal.js'

describe('parseSetting', () => {
  test.each([
    ['match.epochs=10', 'match.epochs', 10],
    ['lr=1e-4', 'lr', 1e-4],
    ['cams.flip=false', 'cams.flip', false],
    ['cams.scales=[1, 0.8]', 'cams.scales', [1, 0.8]],
    ['cams.scales=1,0.8', 'cams.scales', [1, 0.8]],
    ['stages=classify, match', 'stages', ['classify', 'match']],
    ['stages=["match"]', 'stages', ['match']],
    ['out=123', 'out', '123'],
    ['data.folder=a=b', 'data.folder', 'a=b'],
    ['device=cuda:1', 'device', 'cuda:1'],
    ['threads=auto', 'threads', 'auto'],
    ['threads=2', 'threads', 2],
    ['clip=ViT-B-32.pt', 'clip.path', 'ViT-B-32.pt'],
    ['data.classes=90', 'data.classes', 90],
    ['data.classes=names.json', 'data.classes', 'names.json'],
    ['match.terms.background_text=0.75', 'match.terms.background_text', 0.75],
    ['match.terms={"match": 2}', 'match.terms', { match: 2 }],
    ['match.optimizer.kind=sgd', 'match.optimizer.kind', 'sgd'],
  ])('%s', (text, field, value) => {
    expect(parseSetting(text)).toEqual({ field, value })
  })

  test.each(['match.epochs', '=3', ''])('no field or no value: %j', (text) => {
    expect(refusal(() => parseSetting(text))).toMatchObject({
      code: 'SEMPLES_CONFIG_INVALID',
      expected: 'field=value, such as match.epochs=10',
    })
  })

  test.each([
    ['match.epoch=3', 'match.epochs'],
    ['epohcs=3', 'epochs'],
    ['gradientClip=1', 'classify.gradientClip'],
  ])('%s → %s', (text, nearest) => {
    const error = refusal(() => parseSetting(text))
    expect(error.code).toBe('SEMPLES_CONFIG_UNKNOWN')
    expect(error.message).toContain(`Did you mean ${nearest}?`)
  })

  test('a section is no field, and its fields are named', () => {
    const error = refusal(() => parseSetting('loader=3'))
    expect(error.message).toContain('loader.prefetch')
  })

  test('a prototype cannot be set', () => {
    for (const text of ['__proto__.seed=1', 'constructor.prototype.seed=1', '__proto__=1'])
      expect(refusal(() => applySettings({}, [text])).code).toBe('SEMPLES_CONFIG_UNKNOWN')
    expect(({} as { seed?: unknown }).seed).toBeUndefined()
  })
})

describe('applySettings', () => {
  test('later settings win, the input stays', () => {
    const input: TrainConfigInput = { clip: 'a.pt', match: { lr: 1 }, seed: 1 }
    const result = applySettings(input, ['match.epochs=1', 'match.epochs=2', 'clip.normalize=clip', 'data.folder=p'])
    expect(result).toEqual({
      clip: { path: 'a.pt', normalize: 'clip' },
      match: { lr: 1, epochs: 2 },
      seed: 1,
      data: { folder: 'p' },
    })
    expect(input).toEqual({ clip: 'a.pt', match: { lr: 1 }, seed: 1 })
  })

  test('a value that does not fit its field', () => {
    const error = refusal(() => applySettings({}, ['match.epochs=ten']))
    expect([error.code, error.field, error.value]).toEqual(['SEMPLES_CONFIG_INVALID', 'match.epochs', 'ten'])
  })
})

describe('readConfigFile', () => {
  function file(text: string): string {
    const path = join(mkdtempSync(join(tmpdir(), 'semples-')), 'run.json')
    writeFileSync(path, text)
    return path
  }

  test('reads what it holds, a byte order mark or not', async () => {
    const path = file('\uFEFF{ "data": { "folder": "photos" }, "clip": "a.pt", "match": { "epochs": 3 } }')
    expect(await readConfigFile(path)).toEqual({
      data: { kind: 'folder', folder: 'photos' },
      clip: { path: 'a.pt' },
      match: { epochs: 3 },
    })
  })

  test('names file and line of a misspelt field', async () => {
    const path = file('{\n  "seed": 1,\n  "match": {\n    "epochs": 3,\n    "bacth": 2\n  }\n}\n')
    const error = await rejection(readConfigFile(path))
    expect([error.code, error.field, error.file]).toEqual(['SEMPLES_CONFIG_UNKNOWN', 'match.bacth', path])
    expect(error.message).toContain(`${path}, line 5`)
    expect(error.message).toContain('Did you mean match.batch?')
  })

  test('names file and line of a wrong value', async () => {
    const path = file('{\n  "seed": 1,\n  "select": "best"\n}\n')
    const error = await rejection(readConfigFile(path))
    expect([error.code, error.field, error.value]).toEqual(['SEMPLES_CONFIG_INVALID', 'select', 'best'])
    expect(error.message).toContain(`${path}, line 3`)
  })

  test('names file and line of what is no JSON', async () => {
    const path = file('{\n  "seed": 1,\n  // twice\n  "lr": 2\n}\n')
    const error = await rejection(readConfigFile(path))
    expect(error.code).toBe('SEMPLES_CONFIG_INVALID')
    expect(error.message).toContain(`${path}, line 3 is not JSON`)
  })

  test('a file that ends too early', async () => {
    const path = file('{\n  "seed": 1,\n')
    expect((await rejection(readConfigFile(path))).message).toContain('is not JSON')
  })

  test('no file', async () => {
    const error = await rejection(readConfigFile('no/such.json'))
    expect([error.code, error.file]).toEqual(['SEMPLES_FILE_UNREADABLE', 'no/such.json'])
  })

  test.each(['[]', '3', 'null'])('JSON that is no config: %s', async (text) => {
    expect((await rejection(readConfigFile(file(text)))).code).toBe('SEMPLES_CONFIG_INVALID')
  })
})
