import { Command } from 'commander'
import { refuseUseless } from '../../base/useless.js'
import type { DescribeSegmentOptions } from '../../config/segment/describe.js'
import type { Cli } from '../cli.js'
import { describeFields, fieldsWith } from '../configFields.js'
import { examples, shared } from '../options.js'
import { printJson } from '../output.js'

interface SegmentConfigOptions extends DescribeSegmentOptions {
  schema?: boolean
  json?: boolean
}

export function segmentConfigCommand(cli: Cli): Command {
  return new Command('config')
    .description(
      'Lists the fields that "semples segment train --set field=value" and --config take, with their defaults.',
    )
    .argument('[text]', 'only fields whose name holds this')
    .option('--preset <name>', 'defaults under a preset: voc2012, coco2014, photos or demo')
    .option('--model <kind>', 'fields and defaults of another kind of model: vit-mask, deeplabv3plus, clip-decoder')
    .option('--schema', 'print the JSON Schema of config files instead, for editors that complete and check them')
    .addOption(shared.json())
    .addHelpText(
      'after',
      examples(
        'semples segment config',
        'semples segment config train.loss',
        'semples segment config --model deeplabv3plus model',
        'semples segment config --schema > segmenter.schema.json',
      ),
    )
    .action(async (text: string | undefined, { preset, model, schema, json }: SegmentConfigOptions) => {
      if (schema) {
        refuseUseless(
          { text, '--preset': preset, '--model': model, '--json': json },
          'with --schema, which is of every config, and is JSON',
        )
        const { segmentJsonSchema } = await import('../../config/segment/jsonSchema.js')
        cli.terminal.out(JSON.stringify(segmentJsonSchema(), null, 2))
        return
      }
      const { describeSegmentConfig } = await import('../../config/segment/describe.js')
      const { checkSegmentInput } = await import('../../config/segment/resolve.js')
      checkSegmentInput({ preset })
      const fields = fieldsWith(text, describeSegmentConfig({ preset, model }), 'npx semples segment config')
      if (json) printJson(cli.terminal, fields)
      else for (const line of describeFields(fields)) cli.terminal.out(line)
    })
}
