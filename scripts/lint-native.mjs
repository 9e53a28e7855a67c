// The floors of native/ (each includes only lower ones), napi.h in native/binding alone, operators that know nothing of
// each other, kernels in the folders cpu, cuda and plain of ops/* that know no tensors, sizes, and clang-format.
// --write formats instead of checking.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { oversized } from './steps/cppSizes.mjs'
import { root } from './steps/process.mjs'

const native = join(root, 'native')
/** From the highest floor to the lowest; the loader stands alone, but for the list of loss terms, which is plain C++. */
const floors = ['binding', 'core', 'ops']
const termList = join('core', 'losses', 'terms.h')
const torchHeaders = /^(ATen|c10|torch|caffe2)\//
/** Of an operator: kernels of processors and of GPUs, and what both are told. */
const plainFolders = ['cpu', 'cuda', 'plain']
const nodeHeaders = /^(napi|node_api|js_native_api|uv|v8|node)\.h$/
/** Lines; those of TypeScript are in biome.json. */
const limits = { file: 400, function: 80 }
const mayIncludeNode = { binding: nodeHeaders, loader: /^node_api\.h$/ }

const sources = readdirSync(native, { recursive: true })
  .filter((name) => /\.(h|cc|cpp|cu|cuh)$/.test(name))
  .sort()
const problems = [...sources.flatMap(includeProblems), ...sources.flatMap(sizeProblems)]

if (process.argv.includes('--write')) clangFormat(['-i'])
else problems.push(...clangFormat(['--dry-run', '-Werror']))
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1

function includeProblems(file) {
  const floor = floorOf(file)
  return readFileSync(join(native, file), 'utf8')
    .split('\n')
    .flatMap((line, index) => {
      const included = /^\s*#\s*include\s*[<"]([^">]+)[">]/.exec(line)?.[1]
      const problem = included === undefined ? undefined : problemOf(file, floor, included)
      return problem === undefined ? [] : [`native/${file}:${index + 1}: ${problem}`]
    })
}

function sizeProblems(file) {
  const found = oversized(readFileSync(join(native, file), 'utf8'), limits)
  return found.map(({ line, problem }) => `native/${file}:${line}: ${problem}`)
}

function problemOf(file, floor, included) {
  if (nodeHeaders.test(included) && !mayIncludeNode[floor]?.test(included)) {
    return `${included} is for native/binding alone`
  }
  if (isPlainKernel(file) && torchHeaders.test(included))
    return `${included} knows tensors, but its folder is for plain C++`
  const beside = normalize(join(dirname(file), included))
  const target = [beside, included].find((path) => !path.startsWith('..') && existsSync(join(native, path)))
  if (target === undefined) return undefined
  const problem = operatorProblem(file, target)
  if (problem !== undefined) return problem
  const other = floorOf(target)
  if (other === floor || other === '') return undefined
  if (floor === 'loader' && normalize(target) === termList) return undefined
  if (floor === 'loader' || other === 'loader') return `native/loader stands alone, but here ${target} is included`
  if (floors.indexOf(other) < floors.indexOf(floor) || floor === '')
    return `${floor || 'native'} must not include ${target}: ${other} is above it`
  return undefined
}

function operatorProblem(file, target) {
  const [own, other] = [operatorOf(file), operatorOf(target)]
  if (isPlainKernel(file) && !isPlainKernel(target)) return `${target} is no plain C++, but the folder of ${file} is`
  if (own === undefined || other === undefined || other === 'common' || own === other) return undefined
  return `native/ops/${own} must not include ${target}: what operators share is in native/ops/common`
}

/** The folder right below native/ops, for files in it. */
function operatorOf(file) {
  const [floor, operator, ...rest] = file.split(/[\\/]/)
  return floor === 'ops' && rest.length > 0 ? operator : undefined
}

function isPlainKernel(file) {
  return operatorOf(file) !== undefined && plainFolders.includes(file.split(/[\\/]/)[2])
}

/** The folder right below native/, or '' for a file beside the floors (the precompiled header). */
function floorOf(file) {
  const [first, ...rest] = file.split(/[\\/]/)
  return rest.length === 0 ? '' : first
}

function clangFormat(parameters) {
  const { clangFormatPath } = createRequire(import.meta.url)('clang-format-node')
  if (sources.length === 0) return []
  const child = spawnSync(clangFormatPath, [...parameters, ...sources], { cwd: native, encoding: 'utf8' })
  if (child.error) return [`clang-format cannot be run: ${child.error.message}`]
  return child.status === 0 ? [] : [child.stderr.trim(), 'To format: npm run format']
}
