// npm run bench -- against DIR: this checkout and another built one in turns, one thread each.
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { root, StepError, say } from '../scripts/steps/process.mjs'
import { printRows, printSetting } from './against/report.mjs'
import { Side } from './against/sides.mjs'
import { agree, orderOf, summarize } from './against/statistics.mjs'
import { TASKS } from './against/tasks.mjs'
import { randomClip } from './randomClip.mjs'

const USAGE = `npm run bench -- against DIR [options]

  DIR             another checkout of semples, built there: git worktree add DIR COMMIT, and in it npm run build
  --rounds N      rounds that count; default 9, and fewer than 7 are for trying it out. One more before them warms up
  --seconds S     of each side in each task and round, at least; default 1
  --only TEXT     tasks whose name contains this, e.g. CRF
  --markdown      the table for documents
  --json          the last line of standard output is one JSON object

  ratio = median over rounds of DIR's time / this checkout's: 1 or more means that this one is as fast or faster.
`

export async function run(words) {
  const options = optionsOf(words)
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  const clip = await randomClip()
  const sides = { here: new Side(root, clip), there: new Side(options.directory, clip) }
  try {
    printSetting(options)
    const rows = []
    const measured = await measure(sides, options)
    for (const [task, rounds] of measured) rows.push(summarize(task, rounds))
    printRows(rows, options.markdown)
    if (options.json) console.log(JSON.stringify({ against: options.directory, rows }))
    return 0
  } finally {
    for (const side of Object.values(sides)) side.close()
  }
}

/** The times of every task: task → a list of rounds. Tasks take turns within a round, and sides within a task. */
async function measure(sides, { tasks, rounds, seconds }) {
  const repetitions = await warmUp(sides, tasks, seconds)
  const measured = new Map(tasks.map((task) => [task, []]))
  for (let round = 0; round < rounds; round++) {
    say(`Round ${round + 1} of ${rounds} (load ${loadavg()[0].toFixed(1)})`)
    for (const task of tasks) {
      const times = { here: [], there: [] }
      for (let repetition = 0; repetition < repetitions.get(task); repetition++)
        for (const side of orderOf(round, repetition)) times[side].push(await sides[side].run(task))
      measured.get(task).push(times)
    }
  }
  return measured
}

/** Does every task on both sides, compares what came out, and says how often each fits into `seconds`. */
async function warmUp(sides, tasks, seconds) {
  const repetitions = new Map()
  for (const task of tasks) {
    say(`Warming up: ${task}`)
    const here = await sides.here.run(task)
    const there = await sides.there.run(task)
    if (!agree(here.result, there.result)) say(`${task}: the results of both sides differ. Do they do the same work?`)
    const again = [await sides.here.run(task), await sides.there.run(task)]
    const longest = Math.max(...again.map(({ wall }) => wall))
    repetitions.set(task, Math.max(2, Math.ceil(seconds / longest)))
  }
  return repetitions
}

function optionsOf(args) {
  const options = {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    markdown: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  }
  const { values, positionals } = parse(args, options)
  if (values.help) return values
  const tasks = Object.keys(TASKS).filter((task) => task.includes(values.only))
  if (tasks.length === 0)
    throw new StepError(`No task has "${values.only}" in its name: ${Object.keys(TASKS).join(', ')}`)
  return {
    ...values,
    directory: checkoutOf(positionals),
    tasks,
    rounds: numberOf('rounds', values.rounds, 1),
    seconds: numberOf('seconds', values.seconds, 0),
  }
}

function parse(args, options) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new StepError(`${error.message.split('. ', 1)[0]}. See npm run bench -- against --help`)
  }
}

function checkoutOf(positionals) {
  if (positionals.length !== 1)
    throw new StepError('Say which other checkout: npm run bench -- against DIR. More by --help.')
  const directory = resolve(positionals[0])
  const lacking = ['dist/index.js', 'build/Release/semples.node'].find((file) => !existsSync(join(directory, file)))
  if (lacking === undefined) return directory
  throw new StepError(`${directory} is no built checkout of semples: ${lacking} is missing. Run npm run build there.`)
}

function numberOf(name, text, least) {
  const value = Number(text)
  if (value >= least) return value
  throw new StepError(`--${name} takes a number from ${least}, not ${text}.`)
}
