// Tables for the terminal or, with --markdown, for documents.

/** @param columns `{ title, of(row), width? }`, `of` returning text; a row is printed as soon as it is there */
export class Table {
  #columns
  #markdown

  constructor(columns, { markdown }) {
    this.#columns = columns
    this.#markdown = markdown
    if (markdown) console.log('')
    this.#print(columns.map(({ title }) => title))
    if (markdown) this.#print(columns.map(({ left }) => (left ? '---' : '---:')))
  }

  add(row) {
    this.#print(this.#columns.map(({ of }) => of(row)))
  }

  #print(cells) {
    if (this.#markdown) return console.log(`| ${cells.join(' | ')} |`)
    const padded = cells.map((cell, i) => {
      const { title, width = 0, left = false } = this.#columns[i]
      const wanted = Math.max(width, title.length)
      return left ? cell.padEnd(wanted) : cell.padStart(wanted)
    })
    console.log(padded.join('  ').trimEnd())
  }
}

const missing = '–'
const shown = (format) => (value) => (value === undefined || Number.isNaN(value) ? missing : format(value))

export const milliseconds = shown((seconds) => (1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0))
export const ratio = shown((value) => `${value.toFixed(2)}x`)
export const percent = shown((fraction) => (100 * fraction).toFixed(4))
export const points = shown((fraction) => (100 * fraction).toFixed(2))
export const difference = shown((value) => value.toExponential(1))
export const megabytes = shown((bytes) => (bytes / 2 ** 20).toFixed(0))
