import { extname } from 'node:path'
import { oneOf } from '../../base/count.js'
import { SemplesError } from '../../base/error.js'
import { nearestName } from '../../base/spelling.js'
import { writeSafetensors } from '../../formats/safetensors.js'
import { type TorchValue, writeTorch } from '../../formats/torchSave.js'
import type { ExportedContent } from './content.js'

/** A format that the weights of a run are written in. */
interface ExportFormat {
  name: string
  /** Of file names that say this format; the first is the usual one. */
  extensions: readonly string[]
  write(path: string, content: ExportedContent): Promise<void>
  /** A line of Python after which `weights` holds the tensors of the generator by name. */
  python(path: string, content: Pick<ExportedContent, 'prompts'>): string
}

const pth = {
  name: 'pth',
  extensions: ['.pth', '.pt', '.bin'],
  async write(path, { tensors, prompts, facts }) {
    const model = new Map<string, TorchValue>(Object.entries(tensors))
    await writeTorch(path, { model, ...(prompts === undefined ? {} : { prompts }), ...facts })
  },
  python: (path) => `import torch; weights = torch.load(${pythonText(path)}, weights_only=True)["model"]`,
} as const satisfies ExportFormat

const safetensors = {
  name: 'safetensors',
  extensions: ['.safetensors'],
  async write(path, { tensors, prompts, facts }) {
    const metadata = Object.entries(facts).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ])
    // By this entry readers know that the tensors are torch's.
    const all = { format: 'pt', ...Object.fromEntries(metadata) }
    await writeSafetensors(path, { ...tensors, ...(prompts === undefined ? {} : { prompts }) }, all)
  },
  python: (path, { prompts }) =>
    `from safetensors.torch import load_file; weights = load_file(${pythonText(path)})${prompts === undefined ? '' : '; prompts = weights.pop("prompts")'}`,
} as const satisfies ExportFormat

/** Every format, the default of file names that say none being an error. */
const exportFormats = [pth, safetensors] as const

export type ExportFormatName = (typeof exportFormats)[number]['name']

const names = exportFormats.map(({ name }) => name)

/**
 * The format of that name; without a name the one that the file's name says.
 * @throws SemplesError `SEMPLES_OPTION_INVALID` for another name, for a file name that says none where none is named, and
 *   for one that says another: programs go by it
 */
export function exportFormat(name: string | undefined, file: string): ExportFormat {
  const extension = extname(file).toLowerCase()
  const said = exportFormats.find(({ extensions }) => extensions.some((each) => each === extension))
  if (name === undefined) {
    if (said !== undefined) return said
    throw invalid('The name of the file to write says no format.', 'out', file, {
      expected: `a name that ends in ${oneOf(exportFormats.map(({ extensions }) => extensions[0]))}`,
      hint: 'Give such a name, or the format too (format, --format).',
    })
  }
  const format = exportFormats.find((each) => each.name === name)
  if (format === undefined) {
    const nearest = nearestName(name, names)
    throw invalid('Weights are not written in that format.', 'format', name, {
      expected: oneOf(names),
      hint: nearest === undefined ? undefined : `Did you mean ${nearest}?`,
    })
  }
  if (said === undefined || said === format) return format
  throw invalid(
    `A file of format ${name} must not be called ${extension}: programs would take it for another.`,
    'out',
    file,
    {
      expected: `a name that ends in ${format.extensions[0]}`,
      hint: `Or give the format ${said.name} (format, --format).`,
    },
  )
}

function invalid(
  message: string,
  field: string,
  value: string,
  more: { expected: string; hint?: string },
): SemplesError {
  return new SemplesError('SEMPLES_OPTION_INVALID', { message, field, value, ...more })
}

/** A text as Python has it; JSON's escapes are Python's too. */
function pythonText(text: string): string {
  return JSON.stringify(text)
}
