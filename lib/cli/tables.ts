/** Rows as aligned columns; numbers stand to the right. The first row is the header. */
export function table(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (found, row) => row.map((cell, column) => Math.max(found[column] ?? 0, String(cell).length)),
    [],
  )
  const right = widths.map((_, column) => rows.slice(1).some((row) => typeof row[column] === 'number'))
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right[column] ? String(cell).padStart(widths[column]!) : String(cell).padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  )
}
