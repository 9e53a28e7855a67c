const number = /^-?[\d.]+$|^-$/

/** Rows as aligned columns, numbers to the right. The first row is the header. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const texts = rows.map((row) => row.map(String))
  const columns = texts[0]!.map((_, column) => texts.map((row) => row[column] ?? ''))
  const pad = columns.map(([header, ...cells]) => {
    const width = Math.max(...[header!, ...cells].map(({ length }) => length))
    const right = cells.length > 0 && cells.every((cell) => number.test(cell))
    return (cell: string) => (right ? cell.padStart(width) : cell.padEnd(width))
  })
  return texts.map((row) =>
    row
      .map((cell, column) => pad[column]!(cell))
      .join('  ')
      .trimEnd(),
  )
}
