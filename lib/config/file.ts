import { readFile } from 'node:fs/promises'
import { SemplesError } from '../base/error.js'
import type { OptionOrigin } from '../base/optionError.js'
import { checkInput } from './check.js'
import type { TrainConfigInput } from './types.js'

/**
 * Reads a config from a JSON file. Paths in it are taken from the working directory.
 * @throws SemplesError `SEMPLES_FILE_UNREADABLE`, `SEMPLES_CONFIG_INVALID`, `SEMPLES_CONFIG_UNKNOWN`, naming the file and,
 *   where it can be told, the line
 */
export async function readConfigFile<Input = TrainConfigInput>(
  path: string,
  check: (value: unknown, origin: OptionOrigin) => unknown = checkInput,
): Promise<Input> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SemplesError('SEMPLES_FILE_UNREADABLE', {
      message: `The config ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      file: path,
      cause,
    })
  })
  return check(parse(text.replace(/^\uFEFF/, ''), path), { file: path, text }) as Input
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const position = /at position (\d+)/.exec(reason)?.[1]
    const end = /end of JSON input/.test(reason) ? text.length : undefined
    const at = position === undefined ? end : Number(position)
    const line = at === undefined ? '' : `, line ${text.slice(0, at).split('\n').length}`
    throw new SemplesError('SEMPLES_CONFIG_INVALID', {
      message: `${file}${line} is not JSON: ${reason}.`,
      file,
      hint: 'Names and texts stand in double quotes; there is no comma after the last field and there are no comments.',
      cause,
    })
  }
}
