import type { TensorMap, TypedArray } from '../../lib/base/tensor.js'

/**
 * Small copies keep only the rows of a large table that are used: `sparse.<name>.ids` [n] and `sparse.<name>.rows`
 * [n, width], with the full shape in the metadata. Puts the rows back into a table of zeros called `<name>`.
 */
export function restoreSparse(tensors: TensorMap, metadata: Record<string, string>): TensorMap {
  const restored: TensorMap = {}
  for (const [name, tensor] of Object.entries(tensors)) {
    const match = /^sparse\.(.+)\.(ids|rows)$/.exec(name)
    if (match === null) restored[name] = tensor
    else if (match[2] === 'rows') {
      const ids = tensors[`sparse.${match[1]}.ids`].data
      const shape: number[] = JSON.parse(metadata[`sparse.${match[1]}.shape`])
      restored[match[1]] = { dtype: tensor.dtype, shape, data: scatter(tensor.data, ids, shape) }
    }
  }
  return restored
}

function scatter(rows: TypedArray, ids: TypedArray, [count, width]: number[]): TypedArray {
  const bytesPerRow = width * rows.BYTES_PER_ELEMENT
  const table = new Uint8Array(count * bytesPerRow)
  const source = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
  ids.forEach((id: number | bigint, row: number) => {
    table.set(source.subarray(row * bytesPerRow, (row + 1) * bytesPerRow), Number(id) * bytesPerRow)
  })
  const kind = rows.constructor as new (buffer: ArrayBuffer) => TypedArray
  return new kind(table.buffer)
}
