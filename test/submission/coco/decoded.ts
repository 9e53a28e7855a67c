/**
 * The pixels of a compressed run-length encoding, row by row, bit by bit from the description of the format: characters are
 * six bits above 48; the sixth says that the number goes on, the fifth of its last character is its sign; from the fourth
 * number on the number two before is added; numbers are runs of 0 and 1 in turn down the columns.
 */
export function decoded(counts: string, [height, width]: readonly [number, number]): number[] {
  const numbers: number[] = []
  let bits = ''
  for (const character of counts) {
    const code = (character.codePointAt(0)! - 48).toString(2).padStart(6, '0')
    if (code.length > 6) throw new Error(`${character} is no digit`)
    bits = code.slice(1) + bits
    if (code[0] === '1') continue
    // Two's complement of as many bits as there are.
    const value = BigInt(`0b${bits}`) - (bits[0] === '1' ? 2n ** BigInt(bits.length) : 0n)
    numbers.push(Number(value) + (numbers.length > 2 ? numbers[numbers.length - 2]! : 0))
    bits = ''
  }
  if (bits !== '') throw new Error('the last number does not end')
  const columns = numbers.flatMap((length, index) => new Array<number>(length).fill(index % 2))
  if (columns.length !== height * width) throw new Error(`${columns.length} pixels`)
  return columns.map((_, index) => columns[(index % width) * height + Math.floor(index / width)]!)
}
