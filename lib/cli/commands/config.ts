import { Command, Option } from 'commander'
import type { ConfigField } from '../../config/describe.js'
import type { RunConfig } from '../../config/types.js'
import type { Cli } from '../cli.js'
import { examples, shared } from '../options.js'

interface ConfigOptions {
  preset?: RunConfig['preset']
  reference?: boolean
  json?: boolean
}

export function configCommand(cli: Cli): Command {
  return new Command('config')
    .summary('list every field of the config with its default')
    .description('Lists the fields that "semples train --set field=value" and --config take, with their defaults.')
    .argument('[text]', 'only fields whose name holds this')
    .addOption(new Option('--preset <name>', 'defaults under a preset').choices(['voc2012', 'coco2014', 'none']))
    .option('--reference', 'defaults under the published behaviour')
    .addOption(shared.json())
    .addHelpText('after', examples('semples config', 'semples config prompt', 'semples config --preset coco2014 lr'))
    .action(async (text: string | undefined, { preset, reference, json }: ConfigOptions) => {
      const { describeConfig } = await import('../../config/describe.js')
      const fields = describeConfig({ preset, reference }).filter(
        ({ field }) => text === undefined || field.includes(text),
      )
      if (json) cli.terminal.out(JSON.stringify(fields, undefined, 2))
      else for (const line of describeFields(fields)) cli.terminal.out(line)
    })
}

/** A field and its default on one line, its meaning on the next. */
function describeFields(fields: readonly ConfigField[]): string[] {
  return fields.flatMap(({ field, default: value, unit, expected, text }) => [
    `${field}${value === undefined ? '' : ` = ${written(value)}`}${unit === undefined ? '' : ` (${unit})`}`,
    `    ${text} Takes ${expected}.`,
  ])
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value)
}
