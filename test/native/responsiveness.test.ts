import { expect, test } from '@jest/globals'
import { children } from './child.js'
import { describeNative } from './models.js'

// One process measures itself: how often a 5 ms timer fired while a job ran, and the longest silence between two ticks.
const MEASURE = `
  async function watched(job) {
    let ticks = 0, longest = 0, last = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
      ticks++
    }, 5)
    const started = performance.now()
    await job()
    clearInterval(timer)
    return { ticks, longest, duration: performance.now() - started }
  }
`

interface Watched {
  ticks: number
  longest: number
  duration: number
}

describeNative('the event loop', () => {
  const run = children()

  test('keeps turning while a generator of the published size is made, trained, and makes CAMs', async () => {
    const ending = await run(`${MEASURE}
      const whole = { classes: 20 }
      let generator
      const made = await watched(async () => { generator = await MaskGenerator.create(whole) })
      const t = await Trainer.create({ generator, terms, trains: 'all' })
      const one = { ...batch({ imageSize: 224 }), labels: Uint8Array.from({ length: 40 }, (_, i) => i % 20 === 3 ? 1 : 0) }
      await t.step(one)
      const stepped = await watched(() => t.step(one))
      const picture = { data: new Uint8Array(320 * 240 * 3), width: 320, height: 240 }
      const mapped = await watched(() => generator.cams([picture], [3]))
      say({ made, stepped, mapped })`)
    expect(ending).toMatchObject({ status: 0, errors: '' })
    for (const [name, { ticks, longest, duration }] of Object.entries(ending.output as Record<string, Watched>)) {
      // A blocked loop has no tick at all within the job. On a shared machine ticks may come late, not never.
      expect({ name, turns: ticks >= Math.min(10, duration / 50) }).toEqual({ name, turns: true })
      expect({ name, share: longest < Math.max(100, duration / 2) }).toEqual({ name, share: true })
    }
  })
})
