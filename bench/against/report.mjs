import { availableParallelism, cpus, loadavg } from 'node:os'
import { Table } from '../crf/tables.mjs'
import { SIZES } from './tasks.mjs'

/** What is compared, and on what. */
export function printSetting({ directory, rounds }) {
  const { imageSize, batch, threads } = SIZES
  const load = loadavg()[0]
  console.log(`This checkout against ${directory}: ${rounds} rounds, ${threads} thread`)
  console.log(`DeiT-S/16 at ${imageSize}, CLIP ViT-B/32, batch ${batch}, random weights`)
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, load ${load.toFixed(2)}`)
  if (load > 0.5) console.log('The machine is busy: trust the ratio of processor time more than that of the clock.')
}

const milliseconds = (seconds) => (1000 * seconds).toFixed(seconds < 0.1 ? 1 : 0)
const ratio = (value) => value.toFixed(3)

const COLUMNS = [
  { title: 'task', of: ({ task }) => task, width: 16, left: true },
  { title: 'this ms', of: ({ here }) => milliseconds(here) },
  { title: 'other ms', of: ({ there }) => milliseconds(there) },
  { title: 'ratio', of: (row) => ratio(row.ratio) },
  { title: 'lowest', of: ({ lowest }) => ratio(lowest) },
  { title: 'highest', of: ({ highest }) => ratio(highest) },
  { title: 'ratio of CPU time', of: ({ cpuRatio }) => ratio(cpuRatio) },
]

export function printRows(rows, markdown) {
  const table = new Table(COLUMNS, { markdown })
  for (const row of rows) table.add(row)
}
