// node examples/refine.mjs IMAGES CAMS OUT: CAMs or masks of any method become masks that follow the pictures' edges.
import { refineMasks } from 'semples'

const [images, cams, out] = process.argv.slice(2)
const job = refineMasks({ images, cams, out, preset: 'voc' })
for await (const { name, classes, ms, skipped, error } of job) {
  if (error) console.error(`${name}: ${error.message}`)
  else console.log(skipped ? `${name}: done before` : `${name}: classes ${classes.join(', ')} in ${ms.toFixed(0)} ms`)
}
const { refined, skipped, failed } = await job.finished
console.log(`${refined} refined, ${skipped} done before, ${failed.length} failed`)
if (failed.length > 0) process.exitCode = 1
