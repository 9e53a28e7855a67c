import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const compiler = process.env.CXX ?? 'c++'

/** Sanitizers that go together in one program. */
export const sanitizerGroups = ['address,undefined', 'thread'] as const

/** Whether programs with these sanitizers can be built and run here. */
export function canSanitize(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'semples-sanitizers-'))
  try {
    const source = join(folder, 'empty.cc')
    const program = join(folder, 'empty')
    writeFileSync(source, 'int main() { return 0; }\n')
    return sanitizerGroups.every(
      (group) =>
        spawnSync(compiler, [`-fsanitize=${group}`, source, '-o', program]).status === 0 &&
        spawnSync(program).status === 0,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
