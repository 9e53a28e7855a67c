import { SaxesParser } from 'saxes'
import { SemplesError } from '../../base/error.js'
import { readBytes } from '../../base/files.js'

/**
 * Names of the objects of a VOC annotation file, in file order and with repetition; objects marked `difficult` are
 * among them, parts of objects (heads, hands) are not.
 *
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_DATA_FILE_INVALID` when it is not an annotation
 */
export async function readObjectNames(file: string): Promise<string[]> {
  const names: string[] = []
  const open: string[] = []
  let root: string | undefined
  let failure: Error | undefined
  const parser = new SaxesParser()
  parser.on('opentag', ({ name }) => {
    root ??= name
    open.push(name)
    if (isObjectName(open)) names.push('')
  })
  parser.on('text', (text) => {
    if (isObjectName(open)) names[names.length - 1] += text
  })
  parser.on('closetag', () => {
    open.pop()
  })
  parser.on('error', (error) => {
    failure ??= error
  })
  parser.write(Buffer.from(await readBytes(file)).toString('utf8')).close()
  if (failure !== undefined) throw vocInvalid(file, `is not readable XML: ${failure.message}`, failure)
  if (root !== 'annotation') throw vocInvalid(file, `is not a VOC annotation: its root is <${root}>`)
  return names.map((name) => name.trim())
}

function isObjectName(open: readonly string[]): boolean {
  return open.length === 3 && open[1] === 'object' && open[2] === 'name'
}

function vocInvalid(file: string, why: string, cause?: unknown): SemplesError {
  return new SemplesError('SEMPLES_DATA_FILE_INVALID', {
    message: `${file} ${why}.`,
    file,
    hint: 'Expected are the files of VOCtrainval_11-May-2012; unpack it again.',
    cause,
  })
}
