import { inspect } from 'node:util'

/** What a person needs to mend a mistake: where it is, what was seen, what was expected, what to do next. */
export interface SemplesErrorDetails {
  /** One sentence in the reader's words. */
  message: string
  /** The file at fault, as the user named it or as an absolute path. */
  file?: string
  /** The option, column or key at fault, dotted (`match.epochs`). */
  field?: string
  /** The value seen. */
  value?: unknown
  /** What would have been accepted. */
  expected?: string
  /** What to do next; a command where there is one. */
  hint?: string
  cause?: unknown
}

/**
 * The one error type that semples throws for bad input, bad files and failed environments.
 * `code` is stable and made for programs (`SEMPLES_CONFIG_INVALID`); `message` is made for people and
 * holds the file or field, the value seen, what was expected and what to do.
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
  }
}

function sentence({ message, file, field, value, expected, hint }: SemplesErrorDetails): string {
  let text = message
  const facts: string[] = []
  if (field !== undefined && !message.includes(field)) facts.push(`field ${field}`)
  if (file !== undefined && !message.includes(file)) facts.push(`file ${file}`)
  if (expected !== undefined) facts.push(`expected ${expected}`)
  if (value !== undefined) facts.push(`received ${shorten(value)}`)
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
