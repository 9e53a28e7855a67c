/** How far a mask agrees with itself: which to look at first. No part uses pixel labels. docs/review.md defines each. */
export interface MaskReview {
  /** Path of the picture inside its folder. */
  picture: string
  /**
   * 0 to 1, low: look at it first. The mean of `scales`, `mirror` and `refined`, as far as there are any; undefined for a
   * picture without a label, whose mask is all background.
   */
  score?: number
  /** Agreement of the masks of single scales, 0 to 1; undefined for a run of one scale. */
  scales?: number
  /** Agreement of the mask of the picture with that of its mirror image, 0 to 1. */
  mirror?: number
  /** Agreement of the mask before and after refinement, 0 to 1; undefined without refinement. */
  refined?: number
  /** The lowest score of the picture's labels, 0 to 1: the sigmoid of the generator's class logit. Not in `score`. */
  classScore?: number
  /** Share of the mask that is not background, 0 to 1. */
  foreground: number
  /** The label that agrees least. */
  worstClass?: string
}

/** What a review of masks gives. */
export interface MasksReview {
  /** Absolute path of review.csv. */
  path: string
  /** One for each mask, the one to look at first before the others; those without a score at the end. */
  rows: MaskReview[]
}
