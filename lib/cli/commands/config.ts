import { Command } from 'commander'
import { SemplesError } from '../../base/error.js'
import { refuseUseless } from '../../base/useless.js'
import type { ConfigField } from '../../config/describe.js'
import type { RunConfig } from '../../config/types.js'
import type { LossTermInfo } from '../../native/addon.js'
import type { Cli } from '../cli.js'
import { examples, shared } from '../options.js'
import { printJson, table } from '../output.js'

interface ConfigOptions {
  preset?: RunConfig['preset']
  generator?: string
  reference?: boolean
  schema?: boolean
  json?: boolean
}

export function configCommand(cli: Cli): Command {
  return new Command('config')
    .description('Lists the fields that "semples train --set field=value" and --config take, with their defaults.')
    .argument('[text]', 'only fields whose name holds this')
    .option('--preset <name>', 'defaults under a preset')
    .option('--generator <kind>', 'fields of another kind of mask generator than the preset has: weaktr, cnn')
    .option('--reference', 'defaults under the published behaviour')
    .option('--schema', 'print the JSON Schema of config files instead, for editors that complete and check them')
    .addOption(shared.json())
    .addHelpText(
      'after',
      examples(
        'semples config',
        'semples config match.terms',
        'semples config --preset coco2014 lr',
        'semples config --generator cnn generator',
        'semples config --schema > semples.schema.json',
      ),
    )
    .action(async (text: string | undefined, { preset, generator, reference, schema, json }: ConfigOptions) => {
      if (schema) {
        refuseUseless(
          { text, '--preset': preset, '--generator': generator, '--reference': reference, '--json': json },
          'with --schema, which is of every config, and is JSON',
        )
        const { configJsonSchema } = await import('../../config/jsonSchema.js')
        cli.terminal.out(JSON.stringify(configJsonSchema(), null, 2))
        return
      }
      const { describeConfig } = await import('../../config/describe.js')
      const { knownTerms } = await import('../../stages/terms.js')
      const { checkInput } = await import('../../config/check.js')
      checkInput({ preset })
      const fields = describeConfig({ preset, reference, generator }).filter(
        ({ field }) => text === undefined || field.includes(text),
      )
      if (fields.length === 0 && text !== undefined) throw noSuchField(text)
      if (json) printJson(cli.terminal, fields)
      else {
        for (const line of describeFields(fields)) cli.terminal.out(line)
        if (fields.some(({ field }) => field.endsWith('.terms')))
          for (const line of describeTerms(knownTerms())) cli.terminal.out(line)
      }
    })
}

function noSuchField(text: string): SemplesError {
  return new SemplesError('SEMPLES_CONFIG_UNKNOWN', {
    message: `No config field has "${text}" in its name.`,
    hint: 'To list all of them, type: npx semples config',
  })
}

/** A field and its default on one line, its meaning on the next. */
function describeFields(fields: readonly ConfigField[]): string[] {
  return fields.flatMap(({ field, default: value, unit, expected, text }) => [
    `${field}${value === undefined ? '' : ` = ${written(value)}`}${unit === undefined ? '' : ` (${unit})`}`,
    `    ${text} Takes ${expected}.`,
  ])
}

/** All loss terms, below the fields that weight them. */
function describeTerms(terms: readonly LossTermInfo[]): string[] {
  if (terms.length === 0) return []
  const lines = terms.map(({ name, formula, source, needs }) => [name, formula, needs.join(', '), source])
  return ['', 'Loss terms, for the terms of any stage:', ...table([['term', 'formula', 'needs', 'source'], ...lines])]
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}
