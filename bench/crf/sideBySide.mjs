// One picture, one label count, one unary: both sides in turn on the same numbers.
import { join } from 'node:path'
import { compareResults, median } from './compare.mjs'
import { memoryOfOurs, refineRequest, refineTimed } from './ours.mjs'
import { askFreshPeer } from './peer.mjs'
import { SETTINGS } from './settings.mjs'

/**
 * Times the peer, the addon on one thread and on `threads`, one after the other and `repetitions` times: medians.
 *
 * @param tools `addon`, `peer`, `python`, `npy` (readNpy, writeNpy), `folder` for files that pass between processes
 * @param task `image`, `energies`, `labels`, `repetitions`, `threads`, `memory`: whether to measure it too
 */
export async function sideBySide({ addon, peer, python, npy, folder }, task) {
  const { image, energies, labels, repetitions, threads } = task
  const { width, height } = image
  const files = { image: join(folder, 'image.npy'), unary: join(folder, 'unary.npy') }
  const out = join(folder, 'q.npy')
  await npy.writeNpy(files.image, { dtype: 'uint8', shape: [height, width, 3], data: image.data })
  await npy.writeNpy(files.unary, { dtype: 'float32', shape: [labels, height, width], data: energies })

  const requests = [1, threads].map((count) => refineRequest(image, energies, SETTINGS, count))
  const times = { peer: [], one: [], all: [] }
  const profiles = []
  let refined
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const { seconds } = await peer.ask({ operation: 'run', ...files, out, settings: SETTINGS })
    const one = await refineTimed(addon, requests[0])
    const all = threads === 1 ? one : await refineTimed(addon, requests[1])
    times.peer.push(seconds)
    times.one.push(one.seconds)
    times.all.push(all.seconds)
    profiles.push({ seconds: one.seconds, ...one.refined.profile })
    refined = one.refined
  }

  const theirs = await npy.readNpy(out)
  const request = { operation: 'memory', ...files, settings: SETTINGS }
  const measured = { peerBytes: undefined, ourBytes: undefined }
  if (task.memory) {
    measured.peerBytes = (await askFreshPeer(python, request)).bytes
    measured.ourBytes = memoryOfOurs(request).bytes
  }
  const [peerSeconds, one, all] = [times.peer, times.one, times.all].map(median)
  return {
    ...{ width, height, labels },
    ...{ peer: peerSeconds, one, all },
    ratioOne: median(times.peer.map((seconds, i) => seconds / times.one[i])),
    ratioAll: median(times.peer.map((seconds, i) => seconds / times.all[i])),
    ...compareResults({ labels: refined.labels, scores: refined.scores }, theirs.data, labels),
    points: refined.profile.points,
    allocatedBytes: refined.profile.bytes,
    ...measured,
    profile: nearest(profiles, one),
  }
}

/** The profile of the run that took about as long as the median. */
function nearest(profiles, seconds) {
  const distance = (profile) => Math.abs(profile.seconds - seconds)
  return profiles.toSorted((a, b) => distance(a) - distance(b))[0]
}
