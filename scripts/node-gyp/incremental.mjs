#!/usr/bin/env node
// prebuildify calls `node-gyp rebuild`, whose clean would delete what CMake has built: here it configures and builds.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const [, ...options] = process.argv.slice(2)
const nodeGyp = join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')
const nodedir = `--nodedir=${join(root, 'scripts', 'node-gyp')}`
const { status } = spawnSync(process.execPath, [nodeGyp, 'configure', 'build', nodedir, ...options], {
  cwd: root,
  // Standard output belongs to the command's result.
  stdio: ['ignore', 2, 2],
})
process.exit(status ?? 1)
