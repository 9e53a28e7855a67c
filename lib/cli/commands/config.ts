import { Command } from 'commander'
import { refuseUseless } from '../../base/useless.js'
import type { RunConfig } from '../../config/types.js'
import type { LossTermInfo } from '../../native/addon.js'
import type { Cli } from '../cli.js'
import { describeFields, fieldsWith } from '../configFields.js'
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
      const fields = fieldsWith(text, describeConfig({ preset, reference, generator }), 'npx semples config')
      if (json) printJson(cli.terminal, fields)
      else {
        for (const line of describeFields(fields)) cli.terminal.out(line)
        if (fields.some(({ field }) => field.endsWith('.terms')))
          for (const line of describeTerms(knownTerms())) cli.terminal.out(line)
      }
    })
}

/** All loss terms, below the fields that weight them. */
function describeTerms(terms: readonly LossTermInfo[]): string[] {
  if (terms.length === 0) return []
  const lines = terms.map(({ name, formula, source, needs }) => [name, formula, needs.join(', '), source])
  return ['', 'Loss terms, for the terms of any stage:', ...table([['term', 'formula', 'needs', 'source'], ...lines])]
}
