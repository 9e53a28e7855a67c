import { readFileSync } from 'node:fs'

export interface GoldenTensor {
  shape: number[]
  data: Uint8Array | Float32Array | BigInt64Array
}

/** Reads a safetensors file: a small reader of its own, so that these tests rest on nothing that they test. */
export function readTensors(file: string): Map<string, GoldenTensor> {
  const bytes = readFileSync(file)
  const headerLength = Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >
  const tensors = new Map<string, GoldenTensor>()
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const start = 8 + headerLength
    const raw = new Uint8Array(bytes.subarray(start + entry.data_offsets[0], start + entry.data_offsets[1]))
    if (entry.dtype === 'U8') tensors.set(name, { shape: entry.shape, data: raw })
    else if (entry.dtype === 'F32') tensors.set(name, { shape: entry.shape, data: new Float32Array(raw.buffer) })
    else if (entry.dtype === 'I64') tensors.set(name, { shape: entry.shape, data: new BigInt64Array(raw.buffer) })
  }
  return tensors
}
