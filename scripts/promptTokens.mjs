/**
 * Token ids that stand around the vectors of a learned prompt (native/core/clip/prompts.cc): start of text, "a photo
 * of", the full stop without the end-of-word mark, end of text, and the zero that fills up the sequence.
 */
export const promptTokens = [49406, 320, 1125, 539, 13, 49407, 0]
