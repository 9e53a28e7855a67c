import { beforeAll, describe, expect, test } from '@jest/globals'
import { parseHTML } from 'linkedom'
import { percent, points } from '../../lib/report/format.js'
import { renderReport } from '../../lib/report/renderReport.js'
import type { RunReport } from '../../lib/report/runReport.js'
import { exampleReport } from './exampleReport.js'
import { crowdedReport, emptyReport, HOSTILE, unjudgedReport } from './extremes.js'

type Page = ReturnType<typeof parseHTML>['document']

const parse = async (report: RunReport): Promise<Page> => parseHTML(await renderReport(report)).document
const all = (page: Page | Element, selector: string): Element[] => Array.from(page.querySelectorAll(selector))
const texts = (page: Page | Element, selector: string): string[] =>
  all(page, selector).map((element) => element.textContent!.trim())

describe.each([
  ['a whole run', () => exampleReport({ pictures: 9 })],
  ['pictures without ground truth', unjudgedReport],
  ['eighty classes with hostile names', crowdedReport],
  ['a run that has not begun', emptyReport],
])('the page of %s', (_, make) => {
  let page: Page
  let html = ''
  beforeAll(async () => {
    html = await renderReport(make())
    page = parseHTML(html).document
  })

  test('is a page of its own: language, character set, width, title', () => {
    expect(html.startsWith('<!doctype html>\n<html lang="en">')).toBe(true)
    expect(page.querySelector('meta[charset]')?.getAttribute('charset')).toBe('utf-8')
    expect(page.querySelector('meta[name=viewport]')?.getAttribute('content')).toContain('width=device-width')
    expect(texts(page, 'h1')).toEqual([make().title])
  })

  test('lets nothing in and holds no script', () => {
    const policy = page.querySelector('meta[http-equiv=Content-Security-Policy]')?.getAttribute('content')
    expect(policy?.split('; ').sort()).toEqual([
      "base-uri 'none'",
      "default-src 'none'",
      "form-action 'none'",
      'img-src data:',
      "style-src 'unsafe-inline'",
    ])
    expect(all(page, 'script, iframe, object, embed, link:not([rel=icon])')).toEqual([])
    expect(all(page, '[onclick], [onload], [onerror]')).toEqual([])
  })

  test('refers to nothing outside itself', () => {
    const addresses = ['src', 'href', 'srcset', 'action'].flatMap((name) =>
      all(page, `[${name}]`).map((element) => element.getAttribute(name)!),
    )
    expect(addresses.filter((address) => !/^(data:|#)/.test(address))).toEqual([])
    expect(texts(page, 'style').join()).not.toMatch(/url\(|@import/)
  })

  test('has headings in order, and links and labels that lead somewhere', () => {
    const levels = all(page, 'h1, h2, h3, h4').map((heading) => Number(heading.tagName.slice(1)))
    levels.reduce((before, level) => {
      expect(level).toBeLessThanOrEqual(before + 1)
      return level
    }, 0)
    const ids = all(page, '[id]').map((element) => element.id)
    expect(new Set(ids).size).toBe(ids.length)
    const targets = all(page, 'a[href]').map((link) => link.getAttribute('href')!.slice(1))
    const labels = all(page, '[aria-labelledby]').map((element) => element.getAttribute('aria-labelledby')!)
    expect([...targets, ...labels].filter((id) => !ids.includes(id))).toEqual([])
  })

  test('names its tables, their heads and its pictures', () => {
    for (const table of all(page, 'table')) {
      expect(texts(table, 'caption').join()).not.toBe('')
      expect(all(table, 'th:not([scope])')).toEqual([])
    }
    const descriptions = all(page, 'img').map((image) => image.getAttribute('alt'))
    expect(descriptions.filter((alt) => !alt)).toEqual([])
    expect(new Set(descriptions).size).toBe(descriptions.length)
    expect(all(page, 'svg:not([aria-label]):not([aria-hidden])')).toEqual([])
  })

  test('has no number that is none', () => {
    expect(page.body.textContent).not.toMatch(/\b(NaN|undefined|Infinity)\b/)
    for (const element of all(page, '[style]'))
      expect(element.getAttribute('style')).not.toMatch(/NaN|undefined|Infinity/)
    for (const path of all(page, 'path')) expect(path.getAttribute('d')).not.toMatch(/NaN|undefined|Infinity/)
  })
})

describe('the page of a whole run', () => {
  const report = exampleReport({ pictures: 9 })
  let page: Page
  beforeAll(async () => {
    page = await parse(report)
  })

  test('shows its notices first', () => {
    expect(texts(page, '.notices li')).toEqual(report.notices)
    expect(page.querySelector('main')?.firstElementChild?.className).toBe('notices')
  })

  test('puts the rows in their order with the control last, and the best threshold in a column that says what it uses', () => {
    const table = page.querySelector('table.ablation')!
    expect(texts(table, 'thead th')).toEqual([
      'stage',
      'mIoU at threshold 0.4',
      'change from the row before',
      'best threshold (uses pixel labels)',
    ])
    const rows = [...report.ablation, report.control!]
    expect(texts(table, 'tbody .name')).toEqual(['cam', 'matching', 'semples', 'no prompts'])
    expect(texts(table, 'tbody .bar')).toEqual(rows.map(({ miou }) => percent(miou)))
    expect(texts(table, 'tbody tr td:last-child')).toEqual(
      rows.map(({ best }) => `${percent(best!.miou)} at ${best!.threshold}`),
    )
    const [first, second, third] = report.ablation
    expect(texts(table, 'tbody tr td:nth-child(3)')).toEqual([
      '',
      points(second.miou - first.miou),
      points(third.miou - second.miou),
      '',
    ])
  })

  test('compares the control with the last row that was trained, not with a refined one', async () => {
    const [first, second, third] = report.ablation
    const refined = { ...third, name: 'semples+crf', miou: third.miou + 0.05, refined: true as const }
    const other = await parse({ ...report, ablation: [first, second, third, refined] } as RunReport)
    expect(texts(other, '.figures dt')).toEqual(['cam', 'semples+crf', 'semples+crf − cam', 'semples over the control'])
    expect(texts(other, '.figures div:last-child dd')[0]).toBe(points(third.miou - report.control!.miou))
  })

  test('sets segmentation models apart, with what full supervision would add', async () => {
    const [first, second] = report.ablation
    const segmenters = [
      { ...first, name: 'segmenter', miou: 0.5 },
      { ...second, name: 'upper bound', miou: 0.625 },
    ]
    const table = (await parse({ ...report, segmenters } as RunReport)).querySelector('table.ablation')!
    const rows = all(table, 'tbody.segmenters tr')
    expect(rows.map((row) => texts(row, '.name')[0])).toEqual(['segmenter', 'upper bound', 'gap'])
    expect(texts(table, 'tbody.segmenters .tag')).toEqual(['without labels', 'without labels'])
    expect(texts(rows[2]!, '.number')[0]).toBe(points(0.125))
    const alone = await parse({ ...report, segmenters: segmenters.slice(0, 1) } as RunReport)
    expect(texts(alone, 'tbody.segmenters .name')).toEqual(['segmenter'])
    // What pixel labels are used for, by what the table shows.
    const [whole, part] = [await parse({ ...report, segmenters } as RunReport), alone].map(
      (page) => page.querySelector('#ablation')!.textContent,
    )
    expect(whole).toContain('for evaluation only, but for the upper bound')
    expect(part).toContain('for evaluation only.')
  })

  test('has an IoU for every class in every row', () => {
    const rows = all(page, 'table.classes tbody tr')
    expect(rows.map((row) => texts(row, 'th .label')[0])).toEqual([
      'background',
      ...report.classes.map(({ label }) => label),
    ])
    expect(rows.map((row) => texts(row, '.bar, .none')[2])).toEqual(
      report.ablation[2].perClass.map(({ iou }) => percent(iou)),
    )
  })

  test('draws all rows and the control into one threshold curve, with the fixed threshold', () => {
    const chart = page.querySelector('#thresholds .chart')!
    expect(texts(chart, 'path.line title')).toEqual(['cam', 'matching', 'semples', 'no prompts'])
    expect(texts(chart, '.mark-text')).toEqual(['fixed at 0.4'])
    // Thresholds go from 0 to 0.99.
    expect(chart.querySelector('.mark-text')?.getAttribute('style')).toBe('left:40.40%')
  })

  test('shows of each picture the map and mask of every row, its ground truth and the overlay', () => {
    const samples = all(page, 'article.sample')
    expect(samples.map((sample) => texts(sample, 'h3')[0])).toEqual(report.gallery.map(({ id }) => id))
    for (const sample of samples) {
      expect(texts(sample, '.step-name')).toEqual(['picture', 'cam', 'matching', 'semples', 'semples, overlay'])
      expect(all(sample, 'img').length).toBe(2 + 3 * 2 + 1)
      expect(sample.textContent).toContain('labels given')
    }
    expect(texts(page, 'details.more > summary')).toEqual(['1 more picture'])
  })

  test('names the words beside each prompt and those that were searched', () => {
    const [prompt] = all(page, 'article.prompt')
    expect(texts(prompt, '.word')).toEqual(report.prompts[0].words.map(({ word }) => word))
    expect(texts(prompt, '.nearest .number')).toEqual(report.prompts[0].words.map(({ cosine }) => cosine.toFixed(2)))
    expect(texts(page, '#prompts summary')).toEqual([
      `Nearest words were searched among ${report.vocabulary.length} words`,
    ])
    expect(texts(page, '.words')).toEqual([report.vocabulary.join(', ')])
    const pictures = report.gallery.filter(({ labels }) => labels.includes(report.prompts[0].classId))
    expect(all(prompt, 'img').length).toBe(pictures.length)
  })

  test('N23: bars of cosines begin at 0 and have one scale, short where all are about 0', async () => {
    const cosines = [
      [0.03, -0.02],
      [0.6, -0.1],
    ]
    const prompts = cosines.map((values, index) => ({
      ...report.prompts[index]!,
      words: values.map((cosine, at) => ({ word: `word${at}`, cosine })),
    }))
    const lists = all(await parse({ ...report, prompts }), '.nearest')
    const bars = lists.map((list) =>
      all(list, 'li').map((item) => {
        const [, from, to, zero] = /--from:(.*)%;--to:(.*)%;--zero:(.*)%/.exec(item.getAttribute('style')!)!.map(Number)
        return { zero: zero!, width: to! - from!, right: from === zero }
      }),
    )
    expect(new Set(bars.flat().map(({ zero }) => zero)).size).toBe(1)
    for (const [list, values] of cosines.entries())
      for (const [item, cosine] of values.entries()) {
        const { width, right } = bars[list]![item]!
        expect([right, Math.abs(width - (100 * Math.abs(cosine)) / 0.7) < 0.11]).toEqual([cosine > 0, true])
      }
    // Where no cosine is far from 0, no bar is long.
    const near = all(await parse({ ...report, prompts: [prompts[0]!] }), '.nearest li')[0]!
    const [, from, to] = /--from:(.*)%;--to:(.*)%;/.exec(near.getAttribute('style')!)!.map(Number)
    expect(to! - from!).toBeLessThan(8)
  })

  test('N23: the first figures say where a row is worse than the one before', async () => {
    const [first, second, third] = report.ablation
    const fallen = { ...third!, miou: second!.miou - 0.02 }
    const other = await parse({ ...report, ablation: [first!, second!, fallen] })
    const card = all(other, '.figures div')[2]!
    expect(texts(card, 'dt')).toEqual([`semples − ${first!.name}`])
    expect(texts(card, 'dd')).toEqual([
      points(fallen.miou - first!.miou),
      'percentage points; lower than the row before: semples (−2.0)',
    ])
    expect(texts(other, 'table.ablation tbody tr td:nth-child(3)')[2]).toBe('−2.0')
  })

  test('has a loss curve a stage, and a small one a term', () => {
    expect(texts(page, 'article.stage h3')).toEqual(report.stages.map(({ name, title }) => `${name} ${title}`))
    const [stage] = all(page, 'article.stage')
    expect(texts(stage, '.sparkline figcaption')).toEqual(['foreground', 'background', 'learning rate'])
  })

  test('holds the configuration as it was, and the environment', () => {
    expect(JSON.parse(texts(page, 'pre')[0])).toEqual(report.config)
    const cells = all(page, 'table.environment tr').map((row) => texts(row, 'th, td'))
    expect(cells).toEqual(report.environment)
  })
})

describe('what a report lacks', () => {
  test('is said: no ground truth, no prompts, predicted labels', async () => {
    const page = await parse(unjudgedReport())
    expect(texts(page, '.missing').length).toBe(2)
    expect(texts(page, '#ablation .missing')[0]).toContain('no ground truth')
    expect(texts(page, '.no-truth')).toEqual(['none (no ground truth)'])
    expect(texts(page, '.sample header')[0]).toContain('labels predicted')
    expect(all(page, '#classes, #thresholds, table.ablation')).toEqual([])
  })

  test('is a dash in tables: a class that is nowhere has no IoU', async () => {
    const page = await parse(crowdedReport())
    const rows = all(page, 'table.classes tbody tr')
    expect(rows.length).toBe(81)
    expect(texts(rows[3], '.none')).toEqual(['–', '–', '–', '–'])
    expect(texts(rows[4], '.none')).toEqual([])
  })

  test('may be all but the masks of one picture, from a list of labels', async () => {
    const { gallery, classes } = exampleReport({ pictures: 1 })
    const report = {
      ...emptyReport(),
      classes,
      gallery: [{ ...gallery[0], labelSource: 'list' as const, promptMaps: [] }],
    }
    const page = await parse(report)
    expect(all(page, '.sample').length).toBe(1)
    expect(texts(page, '.sample header')[0]).toContain('labels from the list in the call')
  })
})

test('names from data are text, wherever they stand', async () => {
  const page = await parse(crowdedReport())
  expect(texts(page, 'h1')[0]).toContain(HOSTILE)
  expect(texts(page, '.notices li')[0]).toBe(HOSTILE)
  expect(texts(page, 'table.classes .label')[1]).toBe(HOSTILE)
  expect(texts(page, 'table.ablation .control .name')).toEqual([HOSTILE])
  expect(JSON.parse(texts(page, 'pre')[0]).path).toBe(HOSTILE)
  expect(all(page, 'style').length).toBe(1)
})

test('a page with 24 pictures and 10,000 steps a stage stays below 15 MB', async () => {
  const html = await renderReport(exampleReport({ pictures: 24, steps: 10_000 }))
  expect(Buffer.byteLength(html)).toBeLessThan(15e6)
  const { document } = parseHTML(html)
  expect(all(document, 'article.sample').length).toBe(24)
})
