// What the bench prints.
import { cpus } from 'node:os'
import { LABEL_COUNTS, SETTINGS } from './settings.mjs'
import { difference, megabytes, milliseconds, percent, points, ratio, Table } from './tables.mjs'

export function describe(source, threads) {
  const { gaussian, bilateral, iterations } = SETTINGS
  console.log(`Pictures: ${source}. Processor: ${cpus()[0]?.model.trim()}, ${threads} cores. Node ${process.version}.`)
  console.log(
    `Gaussian sxy ${gaussian.sxy}, compat ${gaussian.compat}; bilateral sxy ${bilateral.sxy}, srgb ${bilateral.srgb}, ` +
      `compat ${bilateral.compat}; ${iterations} iterations. Times from the call to the result. pydensecrf2 has no threads.`,
  )
  console.log('Memory: growth of VmHWM in a fresh process that has the inputs, result included.\n')
}

export const columnsOf = (threads) => [
  { title: 'picture', left: true, width: 29, of: ({ picture }) => picture },
  { title: 'size', width: 9, of: ({ width, height }) => `${width}x${height}` },
  { title: 'labels', of: ({ labels }) => String(labels) },
  { title: 'unary', left: true, of: ({ unary }) => unary },
  { title: 'peer ms', of: ({ peer }) => milliseconds(peer) },
  { title: 'ours ms, 1', of: ({ one }) => milliseconds(one) },
  { title: `ours ms, ${threads}`, of: ({ all }) => milliseconds(all) },
  { title: 'ratio, 1', of: ({ ratioOne }) => ratio(ratioOne) },
  { title: `ratio, ${threads}`, of: ({ ratioAll }) => ratio(ratioAll) },
  { title: 'agreement %', of: ({ agreement }) => percent(agreement) },
  { title: 'max dQ', of: ({ maxDelta }) => difference(maxDelta) },
  { title: 'p99.99 dQ', of: ({ p9999Delta }) => difference(p9999Delta) },
  { title: 'points', width: 7, of: (row) => String(row.points) },
  { title: 'peer MiB', of: ({ peerBytes }) => megabytes(peerBytes) },
  { title: 'ours MiB', of: ({ ourBytes }) => megabytes(ourBytes) },
]

export function printSummary(summary, rows, threads) {
  const timed = new Set(rows.filter((row) => row.timed).map(({ picture }) => picture)).size
  const each = (ratios) => LABEL_COUNTS.map((labels) => `${ratio(ratios[labels])} with ${labels} labels`).join(', ')
  console.log(`
Over ${rows.length} rows: same label on at least ${percent(summary.minAgreement)} % of the pixels; |dQ| at most ${difference(summary.maxDeltaQ)}, its 99.99th percentile at most ${difference(summary.p9999DeltaQ)}.
Median time of pydensecrf2 over ours, ${timed} timed pictures: on one thread ${each(summary.ratioOneThread)}; on ${threads} threads ${each(summary.ratioAllThreads)}.
One thread over ${threads} threads, median: ${each(summary.scaling)}.`)
}

export function printProfile(profile, bandwidth, markdown) {
  const gigabytes = (bytes) => (bytes / 1e9).toFixed(1)
  console.log(`
Where the time of one thread goes (means of the timed rows). Least: bytes that must move; floor: their time at the ${gigabytes(bandwidth.memory)} GB/s of
copying 512 MiB (reads and writes counted; 32 MiB: ${gigabytes(bandwidth.cache)} GB/s).\n`)
  const table = new Table(
    [
      { title: 'labels', of: ({ labels }) => labels },
      { title: 'phase', left: true, width: 23, of: ({ name }) => name },
      { title: 'ms', width: 5, of: ({ seconds }) => milliseconds(seconds) },
      { title: '%', width: 4, of: ({ share }) => (100 * share).toFixed(0) },
      { title: 'least MB', of: ({ least }) => (least === undefined ? '–' : (least / 1e6).toFixed(0)) },
      { title: 'floor ms', of: ({ floor }) => milliseconds(floor) },
    ],
    { markdown },
  )
  for (const [labels, { seconds, phases }] of Object.entries(profile))
    for (const phase of phases) table.add({ labels, ...phase, share: phase.seconds / seconds })
}

export function printQuality(all, markdown) {
  console.log(
    '\nMean IoU in % of degraded true masks, before and after refining: of all pixels, and mean over pictures.\n',
  )
  const table = new Table(
    [
      { title: 'source', left: true, width: 12, of: ({ source }) => source },
      { title: 'noise', left: true, width: 6, of: ({ noise }) => noise },
      { title: 'settings', left: true, of: ({ settings }) => settings },
      { title: 'unary', left: true, of: ({ unary }) => unary },
      { title: 'pictures', of: ({ pictures }) => String(pictures) },
      { title: 'before', of: ({ before }) => points(before) },
      { title: 'after', of: ({ after }) => points(after) },
      { title: 'picture before', of: ({ pictureBefore }) => points(pictureBefore) },
      { title: 'picture after', of: ({ pictureAfter }) => points(pictureAfter) },
      { title: 'fell in', of: ({ worse }) => String(worse.length) },
    ],
    { markdown },
  )
  for (const row of all) table.add(row)
}
