import { z } from 'zod'
import { repeatedKey } from '../../formats/jsonKeys.js'
import { isFileWord, isLabelWord } from './header.js'
import { labelsInvalid } from './problem.js'
import type { LabelledFile, LabelRows } from './rows.js'

const labelsSchema = z.union([z.array(z.string()), z.string().transform((labels) => labels.split(/[;|]/))], {
  error: 'expected a list of names such as ["boat", "person"]',
})
const SEVERAL = 'a list, ["boat", "person"]'
const recordSchema = z.record(z.string(), labelsSchema)

/**
 * Rows of JSON: `{ "a.jpg": ["boat"] }`, `[{ "file": "a.jpg", "labels": ["boat"] }]`, or JSON lines, one such object a line.
 *
 * @throws SemplesError `SEMPLES_DATA_FILE_INVALID` naming the line or the key
 */
export function jsonRows(text: string, file: string): LabelRows {
  const lines = text.split(/\r?\n/).map((content, i) => ({ content: content.trim(), line: i + 1 }))
  const filled = lines.filter(({ content }) => content !== '')
  const isLines = filled.length > 1 && filled.every(({ content }) => content.startsWith('{') && content.endsWith('}'))
  if (isLines) {
    const rows = filled.map(({ content, line }) =>
      rowOf(parsed(content, file, `, line ${line}`), file, `line ${line}`, line),
    )
    return { rows, form: ['JSON lines'], warnings: [], several: SEVERAL }
  }
  const json = parsed(text, file, '')
  if (Array.isArray(json)) {
    const rows = json.map((row, index) => rowOf(row, file, `${index}`))
    return { rows, form: ['JSON'], warnings: [], several: SEVERAL }
  }
  if (isRow(json))
    return { rows: [rowOf(json, file, 'line 1', 1)], form: ['JSON lines'], warnings: [], several: SEVERAL }
  const found = recordSchema.safeParse(json)
  if (!found.success) {
    const { path, message } = found.error.issues[0]!
    throw labelsInvalid(file, `has a wrong entry${path.length === 0 ? '' : ` at ${path.join('.')}`}: ${message}`)
  }
  const rows = Object.entries(found.data).map(([name, labels]) => ({ file: name, labels }))
  return { rows, form: ['JSON'], warnings: [], several: SEVERAL }
}

function parsed(text: string, file: string, where: string): unknown {
  try {
    const json: unknown = JSON.parse(text)
    const repeated = repeatedKey(text)
    if (repeated !== undefined) throw labelsInvalid(file, `names ${repeated} twice${where}`)
    return json
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw labelsInvalid(file, `is not JSON${where}: ${cause.message}`, { cause })
  }
}

/** An object that says in one field which picture it is of. */
function isRow(value: unknown): value is Record<string, unknown> {
  return (
    isObject(value) && Object.entries(value).some(([key, content]) => isFileWord(key) && typeof content === 'string')
  )
}

function rowOf(value: unknown, file: string, where: string, line?: number): LabelledFile {
  const keys = isObject(value) ? Object.keys(value) : []
  const [[name, ...names], [labels, ...more]] = [keys.filter(isFileWord), keys.filter(isLabelWord)]
  const expected = '{ "file": "boat1.jpg", "labels": ["boat", "person"] }'
  if (name === undefined || labels === undefined || names.length + more.length > 0 || !isObject(value)) {
    throw labelsInvalid(file, `has a wrong entry at ${where}`, { value, expected })
  }
  const picture = value[name]
  const found = labelsSchema.safeParse(value[labels])
  if (typeof picture !== 'string' || picture === '' || !found.success) {
    throw labelsInvalid(file, `has a wrong entry at ${where}`, { value, expected })
  }
  return { file: picture, labels: found.data, line }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
