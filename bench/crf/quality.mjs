// Whether refining makes masks better: true masks, degraded and refined.
import { annotatedPictures } from './annotations.mjs'
import { highestLabels, mean } from './compare.mjs'
import { DEGRADATIONS, degradedScores } from './degrade.mjs'
import { crfMethod, PUBLISHED, UNARIES } from './settings.mjs'

const VARIANTS = Object.entries(PUBLISHED).flatMap(([settings, numbers]) =>
  UNARIES.map((unary) => ({ settings, unary, method: crfMethod(numbers) })),
)

/**
 * Mean IoU before and after, for each source and setting, and over all pictures.
 *
 * @returns rows of `source`, `noise` (of DEGRADATIONS), `settings`, `unary`, `pictures`, `before` and `after` (of all
 *   pixels of a source), `pictureBefore` and `pictureAfter` (mean over pictures), `worse` (pictures that lost mean IoU)
 */
export async function measureQuality(addon, { limit, threads, onPicture }) {
  const { Random } = await import('../../dist/loader/random.js')
  const { ConfusionCounter } = await import('../../dist/evaluate/confusion.js')
  const { scores } = await import('../../dist/evaluate/scores.js')
  const counterOf = () => new ConfusionCounter(Array.from({ length: 255 }, (_, id) => id))
  const ofPicture = (mask, truth) => {
    const counter = counterOf()
    counter.add(mask, truth)
    return scores(counter.confusion()).miou
  }
  const groups = new Map()
  const group = (source, noise, { settings, unary }) => {
    const key = JSON.stringify([source, noise, settings, unary])
    const fresh = { source, noise, settings, unary, before: counterOf(), after: counterOf(), pictures: [] }
    return groups.get(key) ?? groups.set(key, fresh).get(key)
  }

  for (const { source, name, open } of spread(await annotatedPictures(), limit)) {
    onPicture(name)
    const { image, truth } = await open()
    for (const [noise, degradation] of Object.entries(DEGRADATIONS)) {
      const random = new Random('bench crf', 'degrade', name)
      const { ids, scores: maps } = degradedScores(truth, random, degradation)
      const { width, height } = truth
      const maskOf = (labels) => ({ width, height, data: Uint8Array.from(labels, (label) => ids[label]) })
      const degraded = maskOf(highestLabels(maps, ids.length))
      const before = ofPicture(degraded, truth)
      for (const variant of VARIANTS) {
        const { labels } = await addon.refine({
          ...{ image: image.data, height, width, threads },
          source: { values: maps, channels: ids.length, height, width, unary: variant.unary },
          method: variant.method,
        }).result
        const refined = maskOf(labels)
        const { before: counted, after, pictures } = group(source, noise, variant)
        counted.add(degraded, truth)
        after.add(refined, truth)
        pictures.push({ name, before, after: ofPicture(refined, truth) })
      }
    }
  }
  return [...groups.values()].map(({ before, after, pictures, ...rest }) => ({
    ...rest,
    pictures: pictures.length,
    before: scores(before.confusion()).miou,
    after: scores(after.confusion()).miou,
    pictureBefore: mean(pictures.map((each) => each.before)),
    pictureAfter: mean(pictures.map((each) => each.after)),
    worse: pictures.filter((each) => each.after < each.before).map((each) => each.name),
  }))
}

/** The same over all sources: means over pictures, since classes of different sources cannot be mixed. */
export function overallQuality(rows) {
  return rows
    .filter(({ source }) => source === rows[0].source)
    .map(({ noise, settings, unary }) => {
      const own = rows.filter((row) => row.noise === noise && row.settings === settings && row.unary === unary)
      const pictures = own.reduce((sum, row) => sum + row.pictures, 0)
      const over = (field) => own.reduce((sum, row) => sum + row.pictures * row[field], 0) / pictures
      const [pictureBefore, pictureAfter] = [over('pictureBefore'), over('pictureAfter')]
      const worse = own.flatMap((row) => row.worse)
      return { source: 'all', noise, settings, unary, pictures, pictureBefore, pictureAfter, worse }
    })
}

/** At most `limit` of them, the first of each source before the others. */
function spread(pictures, limit) {
  const seen = new Map()
  const turn = pictures.map(({ source }) => seen.set(source, (seen.get(source) ?? 0) + 1).get(source))
  const order = pictures.map((_, i) => i).sort((a, b) => turn[a] - turn[b] || a - b)
  const chosen = new Set(order.slice(0, limit))
  return pictures.filter((_, i) => chosen.has(i))
}
