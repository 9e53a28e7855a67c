/** How the answer to a request for a file, or for the rest of one, is to be taken. */
export type Answer =
  /** The body begins at byte `from`. `totalBytes` of the whole file where the server states them. */
  | { kind: 'body'; from: number; totalBytes?: number }
  /** What is on disk does not fit the file on the server, or the server cannot go on there: from the start, then. */
  | { kind: 'restart' }
  /** A failure that may pass. */
  | { kind: 'busy' }
  | { kind: 'refused' }

/**
 * Reads status and headers of an answer.
 * @param start bytes that are on disk, from which the rest was asked for; with 0 the whole file was
 * @param size of the whole file, where it is known
 */
export function readAnswer(
  status: number,
  headers: { get(name: string): string | null },
  start: number,
  size?: number,
): Answer {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (status === 200) {
    const length = Number(headers.get('content-length')) || undefined
    // A length with an encoding counts encoded bytes, and the body comes decoded.
    return { kind: 'body', from: 0, totalBytes: encoding === 'identity' ? (length ?? size) : size }
  }
  if (status === 206 && start > 0) {
    const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
    const totalBytes = total === '*' ? size : Number(total)
    const fits = encoding === 'identity' && Number(from) === start && (size === undefined || totalBytes === size)
    return fits ? { kind: 'body', from: start, totalBytes } : { kind: 'restart' }
  }
  // The file ends before, so what is on disk is another.
  if (status === 416 && start > 0) return { kind: 'restart' }
  return { kind: [408, 425, 429].includes(status) || status >= 500 ? 'busy' : 'refused' }
}
