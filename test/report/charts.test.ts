import { describe, expect, test } from '@jest/globals'
import { parseHTML } from 'linkedom'
import { h } from 'preact'
import { render } from 'preact-render-to-string'
import { count } from '../../lib/base/count.js'
import { decimate } from '../../lib/report/charts/decimate.js'
import { LineChart } from '../../lib/report/charts/lineChart.js'
import { digitsFor, duration, fixed, percent, points, short } from '../../lib/report/format.js'

describe('curves of many steps', () => {
  test('keep every peak and fit a chart', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => (i === 4321 ? 99 : i === 8765 ? -7 : 1))
    const { band, smooth } = decimate(values)
    expect(band.length).toBeLessThanOrEqual(240)
    expect(smooth.length).toBe(band.length)
    expect(Math.max(...band.map(({ high }) => high))).toBe(99)
    expect(Math.min(...band.map(({ low }) => low))).toBe(-7)
    const peak = band.find(({ high }) => high === 99)!
    expect(Math.abs(peak.x - 4322)).toBeLessThan(10_000 / 240)
  })

  test('are smoothed without being moved: a straight line stays one, away from its ends', () => {
    const { smooth, window } = decimate(Array.from({ length: 1200 }, (_, i) => 5 - i / 400))
    expect(window).toBeGreaterThan(1)
    for (const { x, y } of smooth.slice(10, -10)) expect(Math.abs(y - (5 - (x - 1) / 400))).toBeLessThan(0.002)
  })

  test('leave out what is no number, and may be short or empty', () => {
    expect(decimate([Number.NaN, 2, Number.POSITIVE_INFINITY, 4]).band).toEqual([
      { x: 2, low: 2, high: 2 },
      { x: 4, low: 4, high: 4 },
    ])
    expect(decimate([3]).smooth).toEqual([{ x: 1, y: 3 }])
    expect(decimate([])).toMatchObject({ band: [], smooth: [] })
  })
})

describe('a line chart', () => {
  const props = { label: 'A chart', xName: 'x', yName: 'y', formatX: String, formatY: String }
  const draw = (series: Parameters<typeof LineChart>[0]['series'], more = {}) =>
    parseHTML(render(h(LineChart, { ...props, ...more, series }))).document

  test('goes from the lower left to the upper right corner for a line that rises from 0 to 1', () => {
    const page = draw([
      {
        name: 'a',
        style: 's0',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ])
    expect(page.querySelector('path.line')?.getAttribute('d')).toBe('M0,1000L1000,0')
    expect(page.querySelector('svg')?.getAttribute('aria-label')).toBe('A chart')
  })

  test('marks a value on the horizontal axis, and turns its text where there is no room', () => {
    const series = [
      {
        name: 'a',
        style: 's0',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ]
    const early = draw(series, { mark: { x: 0.25, text: 'here' } }).querySelector('.mark-text')
    expect([early?.getAttribute('style'), early?.className]).toEqual(['left:25.00%', 'mark-text'])
    expect(draw(series, { mark: { x: 0.75, text: 'here' } }).querySelector('.mark-text')?.className).toContain('before')
  })

  test.each([
    ['one point', [{ x: 3, y: 3 }]],
    [
      'equal values',
      [
        { x: 0, y: 2 },
        { x: 1, y: 2 },
      ],
    ],
    ['no point', []],
  ])('can be drawn of %s', (_, line) => {
    expect(draw([{ name: 'a', style: 's0', points: line }]).toString()).not.toMatch(/NaN|Infinity/)
  })
})

describe('numbers', () => {
  test('are percentages with one digit, a dash where there is none', () => {
    expect([percent(0.5214), percent(1), percent(Number.NaN)]).toEqual(['52.1%', '100.0%', '–'])
  })

  test('are differences with their sign', () => {
    expect([points(0.034), points(-0.1), points(0.0001), points(Number.NaN)]).toEqual(['+3.4', '−10.0', '±0.0', '–'])
  })

  test('are short', () => {
    expect([short(0), short(0.031249), short(1234567), short(6e-4)]).toEqual(['0', '0.0312', '1.23e+6', '6.00e-4'])
  })

  test('have the digits that tell them apart, and a sign only where there is something to sign', () => {
    expect([fixed(0.455, 2), fixed(-0.05, 2), fixed(-0.001, 2)]).toEqual(['0.46', '−0.05', '0.00'])
    expect([digitsFor(0.1, 0.4), digitsFor(0.201, 0.204), digitsFor(-3, 40), digitsFor(1, 1)]).toEqual([2, 4, 2, 2])
  })

  test('are durations as people say them', () => {
    expect([duration(4.25), duration(59.6), duration(200), duration(7500)]).toEqual([
      '4.3 s',
      '1 min 00 s',
      '3 min 20 s',
      '2 h 05 min',
    ])
  })

  test('agree with their nouns', () => {
    expect([count(1, 'picture'), count(1200, 'step'), count(2, 'epoch'), count(0, 'word')]).toEqual([
      '1 picture',
      '1,200 steps',
      '2 epochs',
      '0 words',
    ])
  })
})
