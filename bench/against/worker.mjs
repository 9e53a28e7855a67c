// One side: a process that lives as long as the bench and does tasks of one checkout, one at a time, when asked.
//
//     node worker.mjs CHECKOUT CLIP_ARCHIVE     (started by sides.mjs, with a channel)
import { openSide } from './adapters.mjs'
import { TASKS } from './tasks.mjs'

const [checkout, clip] = process.argv.slice(2)
let opening

process.on('message', (task) => {
  answer(task).then(
    (result) => process.send(result),
    (error) => process.send({ error: error.stack }),
  )
})
process.on('disconnect', () => process.exit())

/** Does a task once: `{ wall, cpu, result }`, seconds of the clock and of the processor, all threads together. */
async function answer(task) {
  opening ??= openSide(checkout, { clip })
  const side = await opening
  // What was left over before is not to be cleared away meanwhile.
  globalThis.gc?.()
  const timed = stopwatch(side)
  const result = await TASKS[task](timed.side)
  return { wall: timed.wall, cpu: timed.cpu, result }
}

/** The side with a stopwatch around its own calls: what tasks.mjs prepares is not measured. */
function stopwatch(side) {
  const timed = { wall: 0, cpu: 0, side: {} }
  for (const [name, call] of Object.entries(side)) {
    timed.side[name] = async (...parameters) => {
      const cpu = process.cpuUsage()
      const start = performance.now()
      const result = await call(...parameters)
      timed.wall += (performance.now() - start) / 1000
      const { user, system } = process.cpuUsage(cpu)
      timed.cpu += (user + system) / 1e6
      return result
    }
  }
  return timed
}
