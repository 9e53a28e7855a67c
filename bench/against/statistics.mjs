// From the times of both sides, round by round, to the figures that are printed. Pure functions.

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The time of one side in one round: the shortest of its repetitions, since whatever else runs on the machine only adds.
 * @param repetitions `{ wall, cpu }` in seconds
 */
export function shortest(repetitions) {
  return {
    wall: Math.min(...repetitions.map(({ wall }) => wall)),
    cpu: Math.min(...repetitions.map(({ cpu }) => cpu)),
  }
}

/**
 * One row of the table: medians over rounds of each side's time and of the ratios within rounds.
 *
 * @param rounds of one task, each `{ here: [{ wall, cpu }], there: [{ wall, cpu }] }`
 * @returns seconds of both sides; `ratio` = there / here (1 or more: this checkout is as fast or faster) with the
 *   `lowest` and `highest` of a round; `cpuRatio`, the same of processor time, which other processes hardly change
 */
export function summarize(task, rounds) {
  const times = rounds.map(({ here, there }) => ({ here: shortest(here), there: shortest(there) }))
  const ratios = times.map(({ here, there }) => there.wall / here.wall)
  return {
    task,
    here: median(times.map(({ here }) => here.wall)),
    there: median(times.map(({ there }) => there.wall)),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    cpuRatio: median(times.map(({ here, there }) => there.cpu / here.cpu)),
    rounds: rounds.length,
  }
}

/** Which side goes first: both equally often, in neighbouring repetitions and in neighbouring rounds. */
export function orderOf(round, repetition) {
  return (round + repetition) % 2 === 0 ? ['here', 'there'] : ['there', 'here']
}

/**
 * Whether two results of the same work agree, number by number, up to `tolerance` of the largest.
 * A difference does not spoil the times, but says that the two sides may not have done the same.
 */
export function agree(first, second, tolerance = 1e-3) {
  const largest = Math.max(...first.map(Math.abs), ...second.map(Math.abs))
  return (
    first.length === second.length &&
    first.every((value, index) => Math.abs(value - second[index]) <= tolerance * largest)
  )
}
