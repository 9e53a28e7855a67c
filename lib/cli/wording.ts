/** Options by the name of the field of the API. */
const options: Readonly<Record<string, string>> = {
  against: '--against',
  atOnce: '--at-once',
  backgroundPower: '--background-power',
  batch: '--batch',
  bootstrap: '--bootstrap',
  boundary: '--boundary',
  camClasses: '--cam-classes',
  cams: '--cams',
  classes: '--classes',
  classOffset: '--class-offset',
  clip: '--clip',
  competition: '--competition',
  'clip.path': '--clip',
  confusions: '--confusions',
  data: '--data',
  'data.folder': '--data',
  device: '--device',
  precision: '--precision',
  epoch: '--epoch',
  epochs: '--epochs',
  format: '--format',
  'generator.weights': '--weights',
  gtProb: '--gt-prob',
  groundTruth: '--ground-truth',
  ids: '--list',
  imagesJson: '--images-json',
  labels: '--labels',
  labelThreshold: '--label-threshold',
  lr: '--lr',
  maskColors: '--mask-colors',
  maxSide: '--max-side',
  memoryCheck: '--memory-check',
  memoryLimit: '--memory',
  minArea: '--min-area',
  'model.kind': '--model',
  'model.weights': '--weights',
  out: '--out',
  overwrite: '--overwrite',
  scales: '--scales',
  resume: '--resume',
  run: '--run',
  seed: '--seed',
  set: '--set',
  shapes: '--shapes',
  split: '--split',
  stages: '--stages',
  threads: '--threads',
  threshold: '--threshold',
  tolerance: '--tolerance',
  'train.batch': '--batch',
  'train.epochs': '--epochs',
  'train.lr': '--lr',
  val: '--val',
  void: '--void',
  weights: '--weights',
}

const VALUE = String.raw`('[^']*'|\[[^\]]*\]|[\d.]+)`

/** A message for programs in the words of the command line: options in place of fields. */
export function commandLineWords(text: string): string {
  return (
    text
      // labels: 'predicted' (--labels predicted)
      .replace(new RegExp(String.raw`\b[\w.]+: ${VALUE}(?: in data)? \((--[^)]+)\)`, 'g'), '$2')
      // (out, --out), (cams: 'npz', --npz)
      .replace(new RegExp(String.raw`\([\w.]+(?:: ${VALUE})?, (--[^)]+)\)`, 'g'), '($2)')
      // (resume)
      .replace(/(?<![/\\]\S*|[/\\][^.]* )\(([a-zA-Z.]+)\)(?=[\s.,;:]|$)/g, (whole, field: string) =>
        isOption(field) ? `(${options[field]})` : whole,
      )
      .replace(/\bgive generator\.weights = '([\w-]+)'/g, 'add --weights $1')
      .replace(/\bgive clip = '([\w-]+)'/g, 'add --clip $1')
      .replace(/\bgenerator\.weights = 'random'/g, '--weights random')
      .replace(
        /\bSet (\w+)\.batch, or batch for all stages, to (\d+) or less\./g,
        'Type --batch $2 or less, or --set $1.batch=$2 for this stage alone.',
      )
      .replace(/\bSet generator: \{ ([^}]*) \} in the config/g, (_, fields: string) => `Add ${settings(fields)}`)
      .replace(/\bSet (generator\.\w+): '?([\w.-]*\w)'?/g, 'Add --set $1=$2')
      // (field classes, received ...)
      .replace(/\bfield ([a-zA-Z.]+)(?=[,)])/g, (whole, field: string) => (isOption(field) ? options[field]! : whole))
      // The option data has no use
      .replace(/\bThe option ([a-zA-Z.]+) has no use\b/g, (whole, field: string) =>
        isOption(field) ? `${options[field]} has no use` : whole,
      )
      // Leave out device, Leave precision out
      .replace(/\bLeave (out )?([a-zA-Z.]+)( out)?\b/g, (whole, before = '', field: string, after = '') =>
        isOption(field) && (before || after) ? `Leave ${before}${options[field]}${after}` : whole,
      )
      // The value of gtProb
      .replace(/\bvalue of ([a-zA-Z.]+)/g, (whole, field: string) =>
        isOption(field) ? `value of ${options[field]}` : whole,
      )
      // select: 'last'
      .replace(/\bUse ([a-zA-Z.]+): '([^']*)'/g, 'Use --set $1=$2')
  )
}

/** `width: 768, kind: 'cnn'` as options. */
function settings(fields: string): string {
  return fields
    .split(', ')
    .map((field) => `--set generator.${field.replace(': ', '=').replaceAll("'", '')}`)
    .join(' ')
}

function isOption(field: string): boolean {
  return Object.hasOwn(options, field)
}
