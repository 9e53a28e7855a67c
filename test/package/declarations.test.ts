import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import ts from 'typescript'
import { repository } from './packed.js'

// The declarations of the whole library are made and read.
jest.setTimeout(180_000)

describe('N14: declarations of a program that uses the public API', () => {
  let folder: string
  let installed: string
  let options: ts.CompilerOptions
  beforeAll(() => {
    const cache = join(repository, 'node_modules', '.cache')
    mkdirSync(cache, { recursive: true })
    folder = mkdtempSync(join(cache, 'semples-declarations-'))
    installed = join(folder, 'node_modules', 'semples')
    mkdirSync(installed, { recursive: true })
    // Without one of its own, the folder would be a part of this package, and 'semples' would be that.
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const config = ts.getParsedCommandLineOfConfigFile(
      join(repository, 'tsconfig.json'),
      { emitDeclarationOnly: true, sourceMap: false, outDir: join(installed, 'dist') },
      { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (wrong) => expect(wrong.messageText).toBe('') },
    )!
    ts.createProgram(config.fileNames, config.options).emit()
    const { name, exports, type } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
    writeFileSync(join(installed, 'package.json'), JSON.stringify({ name, exports, type }))
    options = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
      types: ['node'],
      typeRoots: [join(repository, 'node_modules', '@types')],
      strict: true,
      skipLibCheck: true,
      declaration: true,
      emitDeclarationOnly: true,
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const programOf = (text: string) => {
    const file = join(folder, 'program.mts')
    writeFileSync(file, text)
    return { program: ts.createProgram([file], options), file }
  }

  /** Everything that `import * as semples` gives. */
  const publicApi = () => {
    const { program, file } = programOf("import * as semples from 'semples'\nexport const all = semples\n")
    const checker = program.getTypeChecker()
    const source = program.getSourceFile(file)!
    const [imported] = source.statements as unknown as [ts.ImportDeclaration]
    const module = checker.getSymbolAtLocation(imported.moduleSpecifier)!
    const target = (symbol: ts.Symbol) =>
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    const all = checker.getExportsOfModule(module)
    const exported = all.map(target)
    // A class may be exported as a type alone.
    const values = all
      .filter(
        (symbol) =>
          !symbol.declarations!.some((each) => ts.isExportSpecifier(each) && ts.isTypeOnlyExportDeclaration(each)),
      )
      .map(target)
      .filter(({ flags }) => flags & ts.SymbolFlags.Value)
    return { checker, source, exported: new Set(exported), values }
  }

  test('every type that a public function takes or gives is exported', () => {
    const { checker, source, exported, values } = publicApi()
    const missing = new Map<string, string>()
    const seen = new Set<ts.Type>()
    const isOurs = (symbol: ts.Symbol) =>
      symbol.declarations?.some((each) => each.getSourceFile().fileName.startsWith(installed)) ?? false
    // A type alias that no module exports is written out where it is used.
    const isNamed = ({ flags, declarations }: ts.Symbol) =>
      (flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class)) !== 0 ||
      ((flags & ts.SymbolFlags.TypeAlias) !== 0 &&
        declarations!.some((each) => ts.getCombinedModifierFlags(each) & ts.ModifierFlags.Export))
    const visit = (type: ts.Type, at: string): void => {
      if (seen.has(type) || at.split('.').length > 12) return
      seen.add(type)
      for (const argument of type.aliasTypeArguments ?? []) visit(argument, at)
      const symbol = type.aliasSymbol ?? type.symbol
      if (symbol !== undefined && isNamed(symbol) && isOurs(symbol) && !exported.has(symbol))
        missing.set(symbol.name, at)
      if (type.isUnionOrIntersection()) for (const part of type.types) visit(part, at)
      for (const argument of checker.getTypeArguments(type as ts.TypeReference) ?? []) visit(argument, at)
      // Of others' types, as Promise and Uint8Array, what they are of is enough.
      if (type.symbol !== undefined && !isOurs(type.symbol) && isNamed(type.symbol)) return
      for (const index of checker.getIndexInfosOfType(type)) visit(index.type, `${at}[]`)
      for (const property of checker.getPropertiesOfType(type))
        if (!isPrivate(property)) visit(checker.getTypeOfSymbolAtLocation(property, source), `${at}.${property.name}`)
      for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
        for (const parameter of signature.parameters)
          visit(checker.getTypeOfSymbolAtLocation(parameter, source), `${at}(${parameter.name})`)
        visit(signature.getReturnType(), `${at}()`)
      }
    }
    expect(values.length).toBeGreaterThan(20)
    for (const value of values) visit(checker.getTypeOfSymbolAtLocation(value, source), value.name)
    // Types that are exported for themselves lead to others too.
    for (const type of exported) if (isNamed(type)) visit(checker.getDeclaredTypeOfSymbol(type), type.name)
    expect(Object.fromEntries(missing)).toEqual({})
  })

  test('values of every public function and of what it takes and gives can be exported', () => {
    const { checker, source, values } = publicApi()
    const lines = ["import * as semples from 'semples'"]
    for (const value of values) {
      const type = checker.getTypeOfSymbolAtLocation(value, source)
      const name = value.name
      lines.push(`export const ${name} = semples.${name}`)
      const [signature] = type.getCallSignatures()
      if (signature === undefined) continue
      lines.push(
        `declare const given_${name}: Parameters<typeof semples.${name}>`,
        `export const called_${name} = semples.${name}(...given_${name})`,
        `export const result_${name} = await semples.${name}(...given_${name})`,
        `export const wrapped_${name} = (...given: Parameters<typeof semples.${name}>) => ({ result: semples.${name}(...given) })`,
      )
      const resolved = checker.getAwaitedType(signature.getReturnType()) ?? signature.getReturnType()
      const fields = resolved.isUnion() ? [] : checker.getPropertiesOfType(resolved)
      for (const [index, { name: field }] of fields.filter((each) => !isPrivate(each)).entries())
        if (/^\w+$/.test(field)) lines.push(`export const field${index}_${name} = result_${name}.${field}`)
      for (const index of signature.parameters.keys()) {
        const of = `given_${name}[${index}]`
        lines.push(`export const taken${index}_${name} = ${of}`)
        const parameter = checker.getNonNullableType(
          checker.getTypeOfSymbolAtLocation(signature.parameters[index]!, source),
        )
        if (parameter.flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike) || parameter.isUnion()) continue
        for (const [at, { name: field }] of checker.getPropertiesOfType(parameter).entries())
          if (/^\w+$/.test(field)) lines.push(`export const taken${index}_${at}_${name} = ${of}!.${field}`)
      }
    }
    const { program } = programOf(lines.join('\n'))
    const complaints = [...ts.getPreEmitDiagnostics(program), ...program.emit(undefined, () => undefined).diagnostics]
    expect(complaints.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([])
    expect(lines.length).toBeGreaterThan(200)
  })
})

function isPrivate({ valueDeclaration }: ts.Symbol): boolean {
  return (
    valueDeclaration !== undefined && (ts.getCombinedModifierFlags(valueDeclaration) & ts.ModifierFlags.Private) !== 0
  )
}
