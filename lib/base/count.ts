/** `1 picture`, `1,200 pictures`: a number with a noun whose plural ends in s. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}

/** `a, b or c` */
export function oneOf(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

/** A list for people, cut off: `a, b, c and 7 more`. */
export function listed(items: readonly (string | number)[], most = 6, between = ', '): string {
  const more = items.length - most
  return more > 0 ? `${items.slice(0, most).join(between)} and ${more} more` : items.join(between)
}
