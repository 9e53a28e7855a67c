import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { SemplesError } from '../../lib/base/error.js'
import type { Cli } from '../../lib/cli/cli.js'
import { exportCommand } from '../../lib/cli/commands/export.js'
import { exportRun } from '../../lib/runs/exportRun.js'
import { trainsGenerator } from '../../lib/runs/trainedGenerator.js'
import { stageNames } from '../../lib/stages/kinds.js'
import { given, run } from './fakes.js'

describe('export', () => {
  test('of a run: where the file is, what is in it, and how Python loads it', async () => {
    const ran = await run(['export', 'runs/boats', '--out', 'boats.pth'])
    expect(ran.status).toBe(0)
    // No LibTorch is fetched for it.
    expect(ran.calls.map(([name]) => name)).toEqual(['exportRun'])
    expect(given(ran, 'exportRun')).toEqual({ run: 'runs/boats', out: 'boats.pth', signal: expect.anything() })
    expect(ran.out).toEqual([
      'warning: Stage prompt is not finished.',
      `The weights are in ${resolve('boats.pth')} (88.3 MB)`,
      '  160 tensors of the generator, 22,050,000 numbers, of stage guide after 60 epochs',
      '  prompts: 2 x 30 x 512, one for each class',
      '  classes: boat, cat',
      'In Python:',
      '  weights = torch.load("boats.pth")',
    ])
  })

  test('options, and one line of JSON', async () => {
    const words = [
      'export',
      'r',
      '--format',
      'safetensors',
      '--stage',
      'match',
      '--epoch',
      'last',
      '--out',
      'w',
      '--json',
    ]
    const ran = await run(words)
    expect(given(ran, 'exportRun')).toMatchObject({ run: 'r', format: 'safetensors', stage: 'match', epoch: 'last' })
    expect(ran.out).toHaveLength(1)
    expect(JSON.parse(ran.out[0]!)).toMatchObject({ stage: 'guide', prompts: [2, 30, 512] })
  })

  test('the stages are those that train a generator', () => {
    const { argChoices } = exportCommand({} as Cli).options.find(({ long }) => long === '--stage')!
    expect(argChoices).toEqual(stageNames.filter(trainsGenerator))
  })

  test.each([
    [['export', 'r'], 2, /--out/],
    [['export', '--out', 'w.pth'], 2, /run/],
    [['export', 'r', '--out', 'w.pth', '--format', 'onnx'], 2, /onnx.*pth, safetensors/],
    [['export', 'r', '--out', 'w.pth', '--stage', 'prompt'], 2, /prompt.*classify, match, guide/],
    [['export', 'r', '--out', 'w.pth', '--epoch', '3'], 2, /best, last/],
  ])('%j is refused', async (words, status, message) => {
    const ran = await run(words)
    expect([ran.status, ran.calls, ran.out]).toEqual([status, [], []])
    expect(ran.err.join('\n')).toMatch(message)
  })

  test('what the job refuses is said in the words of the command line', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'semples-cli-'))
    const job = { exportRun: ({ run: from, ...rest }: { run: string; out: string }) => exportRun(from, rest) }
    const unnamed = await run(['export', folder, '--out', join(folder, 'weights')], job)
    expect([unnamed.status, unnamed.out]).toEqual([2, []])
    expect(unnamed.err.join('\n')).toMatch(/ends in \.pth or \.safetensors.*\(--format\)/)
    const noRun = await run(['export', folder, '--out', join(folder, 'w.pth')], job)
    expect([noRun.status, noRun.out]).toEqual([1, []])
    expect(noRun.err.join('\n')).toContain('SEMPLES_RUN_MISSING')
    const taken = await run(['export', folder, '--out', 'boats.pth'], {
      exportRun: () => {
        throw new SemplesError('SEMPLES_OUTPUT_EXISTS', { message: 'It is there.', hint: 'Choose (out, --out).' })
      },
    })
    expect(taken.err.join('\n')).toContain('Choose (--out).')
  })
})
