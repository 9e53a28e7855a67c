// node smoke.mjs MANAGER TARBALL: what a person does first, in an empty folder: installs the packed package with that
// package manager, fetches LibTorch, refines a mask from a module and from CommonJS. Needs nothing of the repository.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const program = `
  const image = { data: new Uint8Array(48 * 32 * 3).fill(90), width: 48, height: 32 }
  const labels = { data: new Uint8Array(48 * 32).fill(1), width: 48, height: 32 }
  refineMask({ image, labels }).then(({ mask }) => {
    if (mask.data.length !== 48 * 32) throw new Error('another size')
    console.log('refined in Node', process.version)
  })`

const yarn = ['npx', '--yes', '--package=@yarnpkg/cli-dist@4', 'yarn']
/** How a manager installs the tarball, and how it starts node and the command of a package. */
const managers = {
  npm: { add: ['npm', 'install'], node: ['node'], command: ['npx', '--no-install'] },
  pnpm: { add: ['npx', '--yes', 'pnpm@10', 'add'], node: ['node'], command: ['npx', '--yes', 'pnpm@10', 'exec'] },
  yarn1: {
    add: ['npx', '--yes', 'yarn@1.22.22', 'add'],
    node: ['node'],
    command: ['npx', '--yes', 'yarn@1.22.22', '--silent', 'run'],
  },
  yarn: { add: [...yarn, 'add'], node: ['node'], command: [...yarn, 'run'], linker: 'node-modules' },
  'yarn-pnp': { add: [...yarn, 'add'], node: [...yarn, 'node'], command: [...yarn, 'run'], linker: 'pnp' },
}

const [name, file] = process.argv.slice(2)
const manager = managers[name]
if (manager === undefined || file === undefined) {
  console.error(`node smoke.mjs ${Object.keys(managers).join('|')} TARBALL`)
  process.exit(2)
}
const tarball = resolve(file)
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'semples-smoke-')))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const write = (path, text) => writeFileSync(join(folder, path), text)
write('package.json', JSON.stringify({ name: 'smoke', private: true, dependencies: {} }))
if (manager.linker !== undefined) {
  // Yarn berry looks for a project above, and would not change its lock file where CI is set.
  write('yarn.lock', '')
  write('.yarnrc.yml', `nodeLinker: ${manager.linker}\nenableImmutableInstalls: false\n`)
}
write('app.mjs', `import { refineMask } from 'semples'${program}`)
write('app.cjs', `const { refineMask } = require('semples')${program}`)

run(...manager.add, manager.linker === undefined ? tarball : `semples@file:${tarball}`)
run(...manager.command, 'semples', 'libtorch', 'install')
run(...manager.command, 'semples', 'doctor')
run(...manager.node, 'app.mjs')
run(...manager.node, 'app.cjs')

function run(command, ...parameters) {
  console.log(`$ ${[command, ...parameters].join(' ')}`)
  // npm and npx are scripts of the shell on Windows.
  const { status } = spawnSync(command, parameters, {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(1)
}
