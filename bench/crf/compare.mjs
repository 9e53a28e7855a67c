// How far two results are apart, and figures of many runs.

/** Index of the highest of `labels` planes for each pixel; the first one wins. */
export function highestLabels(scores, labels) {
  const pixels = scores.length / labels
  const best = scores.slice(0, pixels)
  const result = new Uint16Array(pixels)
  for (let label = 1; label < labels; label++) {
    for (let pixel = 0, at = label * pixels; pixel < pixels; pixel++, at++) {
      if (scores[at] > best[pixel]) {
        best[pixel] = scores[at]
        result[pixel] = label
      }
    }
  }
  return result
}

/** Share of pixels with the same label; the largest and the 99.99th percentile of |Q - Q'| over all scores. */
export function compareResults(ours, theirs, labels) {
  const expected = highestLabels(theirs, labels)
  let same = 0
  for (let pixel = 0; pixel < expected.length; pixel++) same += ours.labels[pixel] === expected[pixel] ? 1 : 0
  const deltas = theirs.map((value, at) => Math.abs(value - ours.scores.data[at]))
  return {
    agreement: same / expected.length,
    maxDelta: upperQuantile(deltas, 1),
    p9999Delta: upperQuantile(deltas, 0.9999),
  }
}

/** The smallest value that at least the share `quantile` of non-negative float32 values does not exceed. */
export function upperQuantile(values, quantile) {
  // The bits of such numbers have the same order; most of them need no sorting.
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const counts = new Uint32Array(1 << 16)
  for (let at = 0; at < bits.length; at++) counts[bits[at] >>> 16]++
  let rank = Math.ceil(quantile * bits.length) - 1
  let bucket = 0
  while (rank >= counts[bucket]) rank -= counts[bucket++]
  const members = bits.filter((value) => value >>> 16 === bucket).sort()
  return new Float32Array(members.buffer)[rank]
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
