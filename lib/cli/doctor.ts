import { type Diagnosis, diagnose } from '../doctor/diagnose.js'
import type { Finding } from '../doctor/finding.js'
import { printJson, wrap } from './output.js'
import { styles, type Terminal } from './terminal.js'

/**
 * `semples doctor`: prints what semples found on this machine, a line a subject, and below each fault what to do.
 * @returns exit status: 0 where semples works, warnings or not
 */
export async function doctor(
  options: { json?: boolean; libtorch?: string },
  terminal: Pick<Terminal, 'out' | 'colorOut' | 'unicode' | 'width'>,
): Promise<number> {
  const diagnosis = await diagnose({ libtorch: options.libtorch })
  if (options.json) printJson(terminal, diagnosis)
  else for (const line of describeDiagnosis(diagnosis, terminal)) terminal.out(line)
  return diagnosis.problems.length === 0 ? 0 : 1
}

const marks = {
  unicode: { ok: '✓', warning: '!', problem: '✗' },
  ascii: { ok: 'ok', warning: '!', problem: 'x' },
}

/** The findings as aligned lines, the sum of them last. */
export function describeDiagnosis(
  { version, findings }: Pick<Diagnosis, 'version' | 'findings'>,
  { colorOut, unicode, width }: Pick<Terminal, 'colorOut' | 'unicode' | 'width'>,
): string[] {
  const style = styles(colorOut)
  const color = { ok: style.green, warning: style.yellow, problem: style.red }
  const mark = marks[unicode ? 'unicode' : 'ascii']
  const markWidth = Math.max(...Object.values(mark).map(({ length }) => length))
  const nameWidth = Math.max(...findings.map(({ subject }) => subject.length))
  const indent = ' '.repeat(markWidth + nameWidth + 3)
  const columns = (width ?? Number.POSITIVE_INFINITY) - indent.length
  const lines = findings.flatMap(({ subject, state, text, details = [], remedy, commands = [] }) => {
    const [first, ...rest] = wrap(text, columns)
    const name = subject.padEnd(nameWidth)
    return [
      `${color[state](mark[state].padEnd(markWidth))} ${state === 'ok' ? name : style.bold(name)}  ${first}`,
      ...rest.map((line) => indent + line),
      ...details.map((line) => indent + style.dim(line)),
      ...wrap(remedy ?? '', columns).map((line) => indent + line),
      // A command is one line, however long, so that it can be copied.
      ...commands.map((line) => `${indent}  ${style.bold(line)}`),
    ]
  })
  return [`semples ${version}`, ...lines, '', sum(findings, mark)]
}

function sum(findings: readonly Finding[], mark: Record<Finding['state'], string>): string {
  const has = (wanted: Finding['state']) => findings.some(({ state }) => state === wanted)
  if (has('problem')) return `semples cannot work here until what is marked ${mark.problem} is mended.`
  return has('warning') ? `semples works here; what is marked ${mark.warning} could be better.` : 'All is well.'
}
