/** What became of every tensor of a file of weights. Each name of the file stands in one of the lists. */
export interface WeightsReport {
  /** What the file is, for people: `a DeiT with the names of timm`. */
  what: string
  /** Taken under the name that they have. */
  matched: string[]
  /** Taken under another name; several may make one tensor (queries, keys and values). */
  renamed: { from: string; to: string }[]
  /** Taken in another shape, by the model's name: position embeddings of another picture size. */
  interpolated: { name: string; from: number[]; to: number[] }[]
  /** Left out, and known not to change what the model computes: classification heads, counters. */
  dropped: { name: string; because: string }[]
  /** What the model has and the file does not; it keeps its first numbers. */
  missing: string[]
  /** Left out, and nothing is known of them. */
  unexpected: string[]
}
