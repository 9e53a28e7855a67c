import { count } from '../base/count.js'
import type { CheckedClass, CheckedSize, DataCheck, DataFinding } from '../datasets/check/types.js'
import { firstOptions } from './data.js'
import { shellWord, table, wrap } from './output.js'
import { styles, type Terminal } from './terminal.js'

/** Most classes of which each has a line. */
const MOST_CLASSES = 24
const BAR = 24

/** What `semples data check` found, as lines. */
export function describeCheck(
  result: DataCheck,
  folder: string,
  given: { labels?: string; classes?: string; images?: string; val?: number },
  { colorOut, unicode, width }: Pick<Terminal, 'colorOut' | 'unicode' | 'width'>,
): string[] {
  const { bold, red, yellow, green, dim } = styles(colorOut)
  const { classes, findings, canTrain, kind, unreadable } = result
  const marks = {
    stop: red(unicode ? '✗' : 'x'),
    warning: yellow('!'),
    note: dim(unicode ? '·' : '-'),
  }
  const columns = Math.min(width ?? 100, 100)
  const described = (found: DataFinding): string[] => {
    const text = wrap(found.message, columns - 2)
    const advice = found.advice === undefined ? [] : wrap(found.advice, columns - 2)
    return [`${marks[found.level]} ${text[0]}`, ...[...text.slice(1), ...advice.map(dim)].map((line) => `  ${line}`)]
  }
  const start = Object.entries(given)
    .flatMap(([option, value]) => (value === undefined ? [] : [` --${option} ${shellWord(String(value))}`]))
    .join('')
  return [
    bold(`${folder} is ${kind === undefined ? 'no data' : `taken for ${kind}`}`),
    ...facts(result).map((line) => `  ${line}`),
    ...(classes.length === 0
      ? []
      : ['', bold('Classes'), ...classLines(classes, unicode === true).map((line) => `  ${line}`)]),
    ...(findings.length === 0 ? [] : ['', bold('What to know'), ...findings.flatMap(described)]),
    '',
    ...(canTrain
      ? [
          `${green(verdict(result))} To try it, without a CLIP, type:`,
          `  npx semples train --data ${shellWord(folder)}${start} ${firstOptions(folder)}${unreadable.length === 0 ? '' : ' --set loader.unreadable=skip'} --out runs/first`,
        ]
      : [red('Training cannot start.')]),
  ]
}

function verdict({ findings, unreadable }: DataCheck): string {
  if (unreadable.length > 0)
    return `Training can start without the ${unreadable.length === 1 ? 'picture' : count(unreadable.length, 'picture')} that cannot be read.`
  return findings.length === 0 ? 'Nothing is wrong.' : 'Training can start.'
}

function facts({ labels, pictures, unlabelled, masks, sizes }: DataCheck): string[] {
  const rows: [string, string][] = []
  if (labels !== undefined) rows.push(['labels', labels])
  if (pictures > 0)
    rows.push([
      'pictures',
      `${count(pictures, 'picture')}${unlabelled === 0 ? ', all labelled' : `, ${pictures - unlabelled} with labels`}`,
    ])
  if (sizes !== undefined) {
    const { smallest, median, largest } = sizes
    const same = [smallest, median].every((size) => sizeOf(size) === sizeOf(largest))
    rows.push([
      'sizes',
      same ? `all ${sizeOf(largest)}` : `${sizeOf(smallest)} to ${sizeOf(largest)}, median ${sizeOf(median)}`,
    ])
  }
  if (pictures > 0)
    rows.push([
      'masks',
      masks === undefined || masks === 0
        ? 'none, and training needs none'
        : `${count(masks, 'picture')} ${masks === 1 ? 'has one' : 'have one'}; only evaluation opens them`,
    ])
  return rows.map(([name, text]) => `${name.padEnd(9)}${text}`)
}

/** A line a class with its id, its pictures and a bar; the rarest of many are counted. */
function classLines(classes: readonly CheckedClass[], unicode: boolean): string[] {
  const most = Math.max(...classes.map(({ pictures }) => pictures), 1)
  const byCount = [...classes].sort((a, b) => b.pictures - a.pictures)
  const limit = byCount[MOST_CLASSES - 1]?.pictures ?? 0
  const shown = classes.length <= MOST_CLASSES ? classes : byCount.slice(0, MOST_CLASSES - 1)
  const rows = shown.map(({ id, label, prompt, pictures }) => [
    id,
    label,
    pictures,
    (unicode ? '━' : '=').repeat(Math.ceil((BAR * pictures) / most)),
    prompt === label ? '' : `"${prompt}"`,
  ])
  const hasPrompts = shown.some(({ prompt, label }) => prompt !== label)
  const lines = table([['id', 'class', 'pictures', '', hasPrompts ? 'name for CLIP' : ''], ...rows])
  const rest = classes.length - shown.length
  return rest > 0 ? [...lines, `and ${rest} classes more, in ${limit} pictures or fewer`] : lines
}

function sizeOf({ width, height }: CheckedSize): string {
  return `${width}x${height}`
}
