import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TensorMap } from '../../lib/base/tensor.js'
import { readSafetensors, writeSafetensors } from '../../lib/formats/safetensors.js'
import { runScript } from './python.js'

/**
 * What a script of Python gives for each case. It is called with a folder, in which cases.json describes the cases by
 * name, and makes NAME.out.safetensors of NAME.in.safetensors.
 */
export async function tensorCases<Name extends string>(
  script: string,
  cases: Record<Name, { described: unknown; tensors: TensorMap }>,
): Promise<Record<Name, TensorMap>> {
  const folder = await mkdtemp(join(tmpdir(), 'semples-cases-'))
  try {
    const entries = Object.entries<{ described: unknown; tensors: TensorMap }>(cases)
    const described = entries.map(([name, each]) => [name, each.described])
    await writeFile(join(folder, 'cases.json'), JSON.stringify(Object.fromEntries(described)))
    for (const [name, { tensors }] of entries) await writeSafetensors(join(folder, `${name}.in.safetensors`), tensors)
    await runScript(script, folder)
    const found = entries.map(async ([name]) => [
      name,
      (await readSafetensors(join(folder, `${name}.out.safetensors`))).tensors,
    ])
    return Object.fromEntries(await Promise.all(found))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
