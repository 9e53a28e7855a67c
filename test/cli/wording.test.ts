import { expect, test } from '@jest/globals'
import { commandLineWords } from '../../lib/cli/wording.js'

test.each([
  [
    'Resume it (resume), or choose another output folder (out).',
    'Resume it (--resume), or choose another output folder (--out).',
  ],
  [
    "ask for random weights: generator.weights = 'random'; masks then",
    'ask for random weights: --weights random; masks then',
  ],
  [
    'Set prompt.batch, or batch for all stages, to 46 or less.',
    'Type --batch 46 or less, or --set prompt.batch=46 for this stage alone.',
  ],
  ['Choose another folder (out, --out).', 'Choose another folder (--out).'],
  ["Let it predict them: labels: 'predicted' (--labels predicted).", 'Let it predict them: --labels predicted.'],
  ["make them again (cams: 'npz', --npz)", 'make them again (--npz)'],
  [
    'A folder of ground truth needs a class table (field classes).',
    'A folder of ground truth needs a class table (--classes).',
  ],
  ['That is wrong (field threshold, received 2).', 'That is wrong (--threshold, received 2).'],
  ["Use select: 'last', which needs none.", 'Use --set select=last, which needs none.'],
  [
    "Set generator: { kind: 'cnn', width: 2 } in the config, or give others.",
    'Add --set generator.kind=cnn --set generator.width=2, or give others.',
  ],
  ["Set generator.backbone: 'resnet50'.", 'Add --set generator.backbone=resnet50.'],
  ['Set generator.width: 0.5, or give other weights.', 'Add --set generator.width=0.5, or give other weights.'],
  ['The option data has no use beside run.', '--data has no use beside run.'],
  ['Leave out device for the processor.', 'Leave out --device for the processor.'],
  ['Leave precision out for float32.', 'Leave --precision out for float32.'],
  ['Leave out --resume or --dry-run.', 'Leave out --resume or --dry-run.'],
  ['Leave the other settings out. Leave out pictures.', 'Leave the other settings out. Leave out pictures.'],
  ['The option words has no use here.', 'The option words has no use here.'],
  // Fields that --set takes, and words that are no field.
  ['It is wrong (field match.batch, received 0).', 'It is wrong (field match.batch, received 0).'],
  ['Pictures (photographs) of data.', 'Pictures (photographs) of data.'],
  ['The folder /a (out)/b is bad.', 'The folder /a (out)/b is bad.'],
])('3.6: %s', (text, words) => {
  expect(commandLineWords(text)).toBe(words)
})
