/** `1 picture`, `1,200 pictures`: a number with a noun whose plural ends in s. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
