import { Writable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { describe, expect, test } from '@jest/globals'
import type { Progress } from '../../lib/base/progress.js'
import { itemProgress } from '../../lib/base/progress.js'
import { table } from '../../lib/cli/output.js'
import { BarView, barLine } from '../../lib/cli/progress/bar.js'
import { FetchBarView, fetchBarLine } from '../../lib/cli/progress/fetchBar.js'
import { decimal, figures, roughDuration, shareDone } from '../../lib/cli/progress/format.js'
import { LineView } from '../../lib/cli/progress/view.js'
import type { Terminal } from '../../lib/cli/terminal.js'

function at(epoch: number, step: number, more: Partial<Progress> = {}): Progress {
  return { stage: 'match', epoch, epochs: 2, step, steps: 100, ...more }
}

test.each([
  [0, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [3569, '59 min'],
  [3571, '1 h'],
  [4800, '1 h 20 min'],
  [360000, '100 h'],
])('duration(%d) = %s', (seconds, text) => {
  expect(roughDuration(seconds)).toBe(text)
})

test.each([
  [2.50004, '2.5000'],
  [-0.25, '-0.2500'],
  [0.00012, '1.20e-4'],
  [0, '0.0000'],
  [Number.NaN, 'NaN'],
])('decimal(%d) = %s', (value, text) => {
  expect(decimal(value)).toBe(text)
})

test('figures say what is known', () => {
  expect(figures(at(1, 1))).toBe('')
  expect(figures(at(1, 1, { loss: 1.5, picturesPerSecond: 12.345, eta: 90 }))).toBe(
    'loss 1.5000  12.3 pictures/s  2 min left',
  )
})

test('itemProgress: rate and time left since it began', () => {
  let now = 1000
  const progress = itemProgress('eval', () => now)
  expect(progress(0, 10)).not.toHaveProperty('eta')
  now += 2000
  expect(progress(4, 10)).toEqual({
    ...{ stage: 'eval', epoch: 1, epochs: 1, step: 4, steps: 10 },
    ...{ picturesPerSecond: 2, eta: 3 },
  })
})

test('4: no time left is estimated from the first item alone, unless it took long or is the last', () => {
  let now = 0
  const progress = itemProgress('check', () => now)
  now = 900
  expect(progress(1, 215)).toEqual({ stage: 'check', epoch: 1, epochs: 1, step: 1, steps: 215 })
  expect(progress(3, 215)).not.toHaveProperty('picturesPerSecond')
  expect(progress(4, 215)).toHaveProperty('eta')
  now = 20_000
  expect(progress(1, 215)).toMatchObject({ eta: 214 * 20 })
  const short = itemProgress('check', () => now)
  now += 500
  expect(short(1, 1)).toMatchObject({ picturesPerSecond: 2, eta: 0 })
})

test('shareDone counts epochs and steps', () => {
  expect(shareDone(at(0, 0))).toBe(0)
  expect(shareDone(at(1, 50))).toBe(0.25)
  expect(shareDone(at(2, 100))).toBe(1)
  expect(shareDone(at(0, 0, { epochs: 0, steps: 0 }))).toBe(0)
})

test('table: numbers to the right, also written ones and absent ones; no space at the ends', () => {
  expect(
    table([
      ['name', 'n', '%'],
      ['a', 5, '1.50'],
      ['long name', 12345, '-'],
    ]),
  ).toEqual(['name           n     %', 'a              5  1.50', 'long name  12345     -'])
  expect(table([['only', 'header']])).toEqual(['only  header'])
})

describe('lines', () => {
  function lines(events: [number, Progress][]): string[] {
    const written: string[] = []
    let now = 0
    const view = new LineView({ err: (line) => written.push(line) }, () => now)
    for (const [time, progress] of events) {
      now = time
      view.show(progress)
    }
    view.close()
    return written
  }

  test('first and last step of a stage, and one in ten seconds between', () => {
    const steps = Array.from({ length: 200 }, (_, i): [number, Progress] => [
      i * 100,
      at(i < 100 ? 1 : 2, (i % 100) + 1),
    ])
    expect(lines(steps)).toEqual([
      'match: epoch 1/2 step 1/100',
      'match: epoch 2/2 step 1/100',
      'match: epoch 2/2 step 100/100',
    ])
  })

  test('a day of a step a second is hundreds of lines, not thousands', () => {
    const day = 24 * 3600
    const steps = Array.from({ length: day }, (_, i): [number, Progress] => [i * 1000, at(1, i + 1, { steps: day })])
    const count = lines(steps).length
    expect(count).toBeGreaterThan(100)
    expect(count).toBeLessThan(400)
  })

  test('3.11: a stage that is over has its last step as its last line, also where it ends early', () => {
    const report = (step: number) => at(1, step, { stage: 'report', epochs: 1, steps: 48 })
    expect(
      lines([
        [0, report(1)],
        [11_000, report(10)],
        [12_000, report(11)],
        [13_000, report(12)],
        [14_000, at(1, 1)],
        [15_000, at(1, 2)],
      ]),
    ).toEqual([
      'report: 1/48',
      'report: 10/48',
      'report: 12/48',
      'match: epoch 1/2 step 1/100',
      'match: epoch 1/2 step 2/100',
    ])
  })

  test('every notice, and a new stage at once', () => {
    const prompt = at(1, 1, { stage: 'prompt', epochs: 1, loss: 2 })
    expect(
      lines([
        [0, at(1, 1)],
        [1, at(0, 0, { message: 'hello' })],
        [2, prompt],
      ]),
    ).toEqual(['match: epoch 1/2 step 1/100', 'match: hello', 'prompt: 1/100  loss 2.0000'])
  })
})

function screen(columns = 80) {
  const chunks: string[] = []
  const stream = new Writable({
    write: (chunk, _, done) => {
      chunks.push(String(chunk))
      done()
    },
  })
  Object.assign(stream, { isTTY: true, columns })
  return { stream: stream as unknown as WriteStream, text: () => chunks.join('') }
}

describe('bar', () => {
  const busy = at(10, 50, { epochs: 60, loss: 1.2345, picturesPerSecond: 12.34, eta: 400 })

  test.each([20, 30, 40, 50, 60, 80, 100, 200])('a line is shorter than %d columns', (columns) => {
    for (const progress of [busy, at(1, 1), at(2, 100, { stage: 'classify' })]) {
      expect(barLine(progress, columns).length).toBeLessThan(columns)
      expect(barLine(progress, columns)).toMatch(/━|─/)
    }
  })

  test('what matters most stays longest', () => {
    expect(barLine(busy, 120)).toBe(
      `match     ${'━'.repeat(4)}${'─'.repeat(20)}   15 %  epoch 10/60  loss 1.2345  12.3 pictures/s  7 min left`,
    )
    expect(barLine(busy, 80)).toMatch(
      /^match +━+─+ {2}epoch 10\/60 {2}loss 1\.2345 {2}12\.3 pictures\/s {2}7 min left$/,
    )
    expect(barLine(busy, 50)).toMatch(/^match +━+─+ {2}epoch 10\/60 {2}7 min left$/)
    expect(barLine(busy, 30)).toMatch(/^match +━+─+ {2}7 min left$/)
  })

  test('shows stage, share, epoch and figures; gives the cursor back', () => {
    const { stream, text } = screen()
    const view = new BarView({}, stream)
    view.show(at(2, 50, { loss: 1.5 }))
    view.close()
    expect(text()).toMatch(/match .*75 %.*epoch 2\/2.*loss 1\.5000/)
    expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(text().lastIndexOf('\u001b[?25l'))
    expect(text().lastIndexOf('\u001b[?7h')).toBeGreaterThan(text().lastIndexOf('\u001b[?7l'))
  })

  test('notices and lines of the command go above it, wrapped to the screen', () => {
    const { stream, text } = screen(20)
    const terminal: Pick<Terminal, 'aside'> = {}
    const view = new BarView(terminal, stream)
    view.show(at(1, 1))
    view.show(at(0, 0, { message: 'twenty characters are not enough' }))
    terminal.aside?.('Stopping')
    view.close()
    for (const line of ['match: twenty\n', 'characters are not\n', 'enough\n', 'Stopping\n'])
      expect(text()).toContain(line)
    expect(terminal.aside).toBeUndefined()
  })

  test('closing without a bar leaves nothing running', () => {
    const { stream } = screen()
    new BarView({}, stream).close()
  })
})

describe('bar of a download', () => {
  const half = { phase: 'download' as const, message: 'Downloading x', doneBytes: 76.7e6, totalBytes: 191.8e6 }

  test('share, sizes, rate and time left, as far as there is room', () => {
    expect(fetchBarLine(half, 12.3e6, 80)).toMatch(
      /^download {2}━+─+ {3}39 % {2}76\.7 MB of 191\.8 MB {2}12\.3 MB\/s {2}9 s left$/,
    )
    expect(fetchBarLine(half, 0, 80)).toBe(`download  ${'━'.repeat(10)}${'─'.repeat(14)}   39 %  76.7 MB of 191.8 MB`)
    expect(fetchBarLine({ ...half, phase: 'unpack' }, 12.3e6, 80)).not.toContain('left')
    for (const columns of [20, 30, 40, 50, 60, 80, 100]) {
      expect(fetchBarLine(half, 12.3e6, columns).length).toBeLessThan(columns)
    }
  })

  test('each message once, above the bars; gives the cursor back', () => {
    const { stream, text } = screen(100)
    const terminal: Pick<Terminal, 'aside'> = {}
    const view = new FetchBarView(terminal, stream)
    view.show({ phase: 'search', message: 'Looking for x', doneBytes: 0 })
    view.show({ ...half, doneBytes: 0 })
    view.show(half)
    view.close()
    expect(text().split('Downloading x\n')).toHaveLength(2)
    expect(text()).toContain('Looking for x\n')
    expect(text()).toMatch(/download .*39 %/)
    expect(text().lastIndexOf('\u001b[?25h')).toBeGreaterThan(text().lastIndexOf('\u001b[?25l'))
    expect(terminal.aside).toBeUndefined()
  })
})
