import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root, StepError } from './process.mjs'

// In a .d.cts file a module of the other kind has to be asked for as such.
const asModule = "with { 'resolution-mode': 'import' }"

/**
 * Writes dist/index.cjs and dist/index.d.cts: `require('semples')` gives what `import` gives, the same objects. Node
 * requires modules since 20.19 and 22.12 (package.json: engines).
 */
export function writeCommonJs() {
  const dist = join(root, 'dist')
  const program = ts.createProgram([join(dist, 'index.d.ts')], {
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    skipLibCheck: true,
  })
  const checker = program.getTypeChecker()
  const entry = program.getSourceFile(join(dist, 'index.d.ts'))
  const symbols = checker.getExportsOfModule(checker.getSymbolAtLocation(entry))
  if (symbols.length === 0) throw new StepError('dist/index.d.ts exports nothing.')
  const lines = symbols.sort((a, b) => a.name.localeCompare(b.name)).flatMap((symbol) => declarations(symbol, checker))
  writeFileSync(join(dist, 'index.cjs'), "module.exports = require('./index.js')\n")
  writeFileSync(
    join(dist, 'index.d.cts'),
    [`import type * as semples from './index.js' ${asModule}`, ...lines, ''].join('\n'),
  )
}

/** A class is a value and a type. */
function declarations(symbol, checker) {
  const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const { name } = symbol
  return [
    ...(flags & ts.SymbolFlags.Value ? [`export declare const ${name}: typeof semples.${name}`] : []),
    ...(flags & ts.SymbolFlags.Type ? [`export type ${name} = semples.${name}`] : []),
  ]
}
