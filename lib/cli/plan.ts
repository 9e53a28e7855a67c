import { count } from '../base/count.js'
import { bytesText } from '../base/memory.js'
import type { TrainingPlan } from '../runs/planTraining.js'
import { table } from './output.js'
import { roughDuration } from './progress/format.js'
import { commandLineWords } from './wording.js'

/** A plan as lines for people. */
export function planLines(plan: TrainingPlan): string[] {
  return [...inputs(plan), '', ...stageTable(plan), ...missingLines(plan)]
}

function inputs({ data, out, device, freeBytes, notices }: TrainingPlan): string[] {
  const rows: [string, string][] = []
  if (data !== undefined) {
    const unlabelled = data.pictures - data.labelled
    rows.push(
      [
        'data',
        `${data.name}: ${count(data.pictures, 'picture')}${unlabelled === 0 ? '' : `, ${unlabelled} of them without a label`}`,
      ],
      ['classes', `${data.classes.length}: ${shortList(data.classes)}`],
    )
  }
  rows.push(['device', device?.replace(/^device /, '') ?? 'none: there is no LibTorch'])
  rows.push(['memory', `${bytesText(freeBytes)} may be used`])
  if (out !== undefined) rows.push(['out', out])
  const told = notices.filter((message) => !message.startsWith(`${data?.name}:`))
  return [
    ...rows.map(([name, text]) => `${name.padEnd(8)} ${text}`),
    ...told.map((message) => `${'note'.padEnd(8)} ${message}`),
  ]
}

/** As many names as a line has room for. */
function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ')
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown
}

function stageTable({ stages, after, hours, timing, diskBytes, freeBytes }: TrainingPlan): string[] {
  if (stages.length === 0) return []
  const rows = stages.map((stage) => [
    stage.name,
    stage.epochs,
    stage.steps,
    stage.atOnce < stage.batch ? `${stage.batch} (${stage.atOnce} at a time)` : String(stage.batch),
    rateText(stage.learningRate),
    stage.peakBytes === undefined ? '-' : `${bytesText(stage.peakBytes)}${stage.tooLarge ? ' !' : ''}`,
    stage.hours === undefined ? '-' : roughDuration(3600 * stage.hours),
  ])
  const following = after.map(({ name, title, pictures, hours: own }) => [
    name,
    title,
    count(pictures, 'picture'),
    own === undefined ? '-' : roughDuration(3600 * own),
  ])
  const total = stages.reduce((sum, { epochs, steps }) => sum + epochs * steps, 0)
  return [
    ...table([['stage', 'epochs', 'steps an epoch', 'batch', 'learning rate', 'memory', 'time'], ...rows]),
    '',
    ...(following.length === 0 ? [] : [...table([['then', '', '', 'time'], ...following]), '']),
    `${count(total, 'step')} in all${hours === undefined ? '' : `, about ${roughDuration(3600 * hours)}`}; checkpoints take about ${bytesText(diskBytes)} of disk.`,
    timing,
    ...(stages.some(({ tooLarge }) => tooLarge) ? [`! more than the ${bytesText(freeBytes)} that may be used`] : []),
    '',
  ]
}

function rateText(rate: number): string {
  return rate < 1e-3 ? rate.toExponential(2) : rate.toPrecision(3)
}

function missingLines({ missing, stages }: TrainingPlan): string[] {
  if (missing.length === 0) return ['Nothing is missing. Without --dry-run, the same command trains.']
  return [
    `${missing.length === 1 ? 'One thing is' : `${missing.length} things are`} missing${stages.length === 0 ? '; more cannot be told before that' : ''}:`,
    ...missing.flatMap(({ message, remedy }) =>
      [`- ${message}`, ...(remedy === undefined ? [] : [`  ${remedy}`])].map(commandLineWords),
    ),
  ]
}
