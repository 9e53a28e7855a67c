import { inspect } from 'node:util'

/** Details of an error: where it is, which value was received, what was expected, what to do next. */
export interface SemplesErrorDetails {
  /** One sentence that says what is wrong. */
  message: string
  /** The file that the error is about, as the user named it or as an absolute path. */
  file?: string
  /** The option, column or key that the error is about, dotted (`match.epochs`). */
  field?: string
  /** The value received. */
  value?: unknown
  /** What would have been accepted. */
  expected?: string
  /** What to do next; a command where there is one. */
  hint?: string
  cause?: unknown
}

/**
 * The error that semples throws for bad input, bad files and unfit environments. `code` is stable and meant for programs
 * (`SEMPLES_CONFIG_INVALID`); `message` is meant for people and names the file or field, the value received, what was
 * expected and what to do.
 *
 * @example
 * import { readMask, SemplesError } from 'semples'
 *
 * try {
 *   await readMask('masks/harbor.png')
 * } catch (error) {
 *   if (!(error instanceof SemplesError)) throw error
 *   console.log(error.code, error.file) // SEMPLES_FILE_UNREADABLE masks/harbor.png
 * }
 */
export class SemplesError extends Error {
  readonly code: string
  readonly file?: string
  readonly field?: string
  readonly value?: unknown
  readonly expected?: string
  readonly hint?: string

  constructor(code: string, details: SemplesErrorDetails) {
    super(sentence(details), details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'SemplesError'
    this.code = code
    this.file = details.file
    this.field = details.field
    this.value = details.value
    this.expected = details.expected
    this.hint = details.hint
    given.set(this, details)
  }
}

/** What errors were made of: their messages are whole paragraphs. */
const given = new WeakMap<SemplesError, SemplesErrorDetails>()

/** The sentence of an error without what its fields say. */
export function sentenceOf(error: SemplesError): string {
  return given.get(error)?.message ?? error.message
}

/** The same error in the words of another room; it becomes the cause. */
export function restated(error: SemplesError, code: string, changes: Partial<SemplesErrorDetails> = {}): SemplesError {
  return new SemplesError(code, { ...given.get(error), message: sentenceOf(error), cause: error, ...changes })
}

function sentence({ message, file, field, value, expected, hint }: SemplesErrorDetails): string {
  let text = message
  const facts: string[] = []
  if (field !== undefined && !message.includes(field)) facts.push(`field ${field}`)
  if (file !== undefined && !message.includes(file)) facts.push(`file ${file}`)
  // The addon's refusals say both: "Expected max or mean for fusionPool but received "sum"".
  const stated = expected !== undefined && message.startsWith(`Expected ${expected} for `)
  if (expected !== undefined && !stated) facts.push(`expected ${expected}`)
  if (value !== undefined && !stated) facts.push(`received ${shorten(value)}`)
  if (stated && !text.endsWith('.')) text += '.'
  if (facts.length > 0) text = `${text.replace(/\.$/, '')} (${facts.join(', ')}).`
  return hint === undefined ? text : `${text} ${hint}`
}

function shorten(value: unknown): string {
  const text = inspect(value, {
    breakLength: Number.POSITIVE_INFINITY,
    depth: 1,
    maxArrayLength: 6,
    maxStringLength: 120,
  })
  return text.length > 160 ? `${text.slice(0, 157)}...` : text
}
