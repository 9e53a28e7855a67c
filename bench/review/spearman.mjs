// Spearman's rank correlation. Pure functions.

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values) {
  const order = [...values.keys()].sort((one, other) => values[one] - values[other])
  const found = new Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start + 1
    while (end < order.length && values[order[end]] === values[order[start]]) end++
    for (const at of order.slice(start, end)) found[at] = (start + 1 + end) / 2
    start = end
  }
  return found
}

/** Spearman's rho, the correlation of ranks, -1 to 1; NaN where one side has one value alone. */
export function spearman(one, other) {
  const [first, second] = [ranks(one), ranks(other)]
  // The mean of ranks is the same with ties and without.
  const middle = (one.length + 1) / 2
  const product = (left, right) => left.reduce((sum, rank, at) => sum + (rank - middle) * (right[at] - middle), 0)
  return product(first, second) / Math.sqrt(product(first, first) * product(second, second))
}
