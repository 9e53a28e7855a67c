import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a program printed, and how it ended. */
export interface Ended {
  status: number | null
  stdout: string
  stderr: string
  seconds: number
}

/** Runs a program with exactly these variables. */
export async function execute(
  program: string,
  parameters: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Ended> {
  const start = performance.now()
  const child = spawn(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const status = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done))
  return { status, stdout, stderr, seconds: (performance.now() - start) / 1000 }
}

/** A folder for PATH with Node, a shell and what shell scripts of programs call: no compiler, no CMake, no Python. */
export function barePath(folder: string, node: string = process.execPath): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(node, join(bin, 'node'))
  for (const name of ['sh', 'sed', 'dirname', 'basename', 'uname']) symlinkSync(`/bin/${name}`, join(bin, name))
  return bin
}

/** A package manager of a folder of npm packages. */
export interface Manager {
  name: string
  /** Its program inside node_modules. */
  program: string
  install: string[]
  /** The words before `semples` and its own. */
  run: string[]
  /** Its way to run Node, where Node alone would not find the packages. */
  node?: string[]
  /** Files of the project beside package.json. */
  files?: Record<string, string>
}

const berry = (linker: string): Manager => ({
  name: `Yarn berry (${linker})`,
  program: '@yarnpkg/cli-dist/bin/yarn.js',
  // With CI set it would refuse to write its lock file.
  install: ['install', '--no-immutable'],
  run: ['run'],
  node: ['node'],
  files: {
    '.yarnrc.yml': `nodeLinker: ${linker}\nenableTelemetry: false\nenableGlobalCache: false\nenableScripts: true\n`,
    'yarn.lock': '',
  },
})

/** The package managers that people install semples with; `packages` are the npm packages that they are. */
export const packages = ['npm@11', 'pnpm@10', 'yarn@1', '@yarnpkg/cli-dist@4'] as const
export const managers: readonly Manager[] = [
  { name: 'npm', program: 'npm/bin/npm-cli.js', install: ['install', '--no-audit', '--no-fund'], run: ['exec', '--'] },
  { name: 'pnpm', program: 'pnpm/bin/pnpm.cjs', install: ['install'], run: ['exec'] },
  { name: 'Yarn 1', program: 'yarn/bin/yarn.js', install: ['install', '--no-progress'], run: ['run', '--silent'] },
  berry('node-modules'),
  berry('pnp'),
]

/** The network as this process and npm are configured for it, also for managers that read other settings. */
export function networkVariables(): Record<string, string> {
  const setting = (name: string) => execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim()
  const registry = setting('registry')
  const certificates = [setting('cafile'), process.env.NODE_EXTRA_CA_CERTS, process.env.SSL_CERT_FILE].find(
    (file) => file !== undefined && existsSync(file),
  )
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /proxy$|_CERTS?(_|$)/i.test(name))),
    npm_config_registry: registry,
    ...(certificates === undefined
      ? {}
      : { npm_config_cafile: certificates, NODE_EXTRA_CA_CERTS: certificates, YARN_HTTPS_CA_FILE_PATH: certificates }),
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname,
  }
}

/** A project that depends on a tarball. */
export function writeProject(folder: string, tarball: string, files: Record<string, string> = {}): void {
  mkdirSync(folder, { recursive: true })
  const manifest = { name: 'program', version: '1.0.0', private: true, dependencies: { semples: `file:${tarball}` } }
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files }))
    writeFileSync(join(folder, name), text)
}

/** Packages and bytes of an installation. */
export function installed(folder: string): { packages: number; bytes: number } {
  let found = 0
  let bytes = 0
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name)
      if (entry.isDirectory()) visit(child)
      else if (entry.isFile()) {
        bytes += statSync(child).size
        // Yarn's plug'n'play keeps a package an archive.
        if (
          /[\\/]node_modules[\\/](@[^\\/]+[\\/])?[^\\/]+[\\/]package\.json$/.test(child) ||
          /[\\/]cache[\\/].*\.zip$/.test(child)
        )
          found++
      }
    }
  }
  visit(folder)
  return { packages: found, bytes }
}

/** Makes a file a program. */
export function writeProgram(file: string, text: string): string {
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}
