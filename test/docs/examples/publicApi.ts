import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'

export const repository = resolve(import.meta.dirname, '../../..')
const index = join(repository, 'lib/index.ts')

/** A piece of documentation that is code. */
export interface Snippet {
  /** `refineMask`, or the document and the line where it begins. */
  name: string
  code: string
}

/** What index.ts exports that can be called, and the types that belong to it. */
export interface PublicApi {
  /** Functions and classes. */
  callable: string[]
  /** Those that are constants: editors show the comment of a constant on import, and that of its type on a call. */
  constants: string[]
  /** The `@example` of each that has one. */
  examples: Snippet[]
  /** Types of the package that signatures and exported types name, and that nobody can import: `Name (Place)`. */
  hiddenTypes: string[]
  /** The text of errors of a snippet in TypeScript, as a file that imports from `semples`; [] if there are none. */
  problemsOf(snippet: Snippet): string[]
}

/** The ts blocks of the README and of docs/. */
export function snippetsOfDocuments(): Snippet[] {
  const documents = ['README.md', ...readdirSync(join(repository, 'docs')).map((name) => `docs/${name}`)]
  return documents
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const text = readFileSync(join(repository, file), 'utf8')
      return Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), (found) => ({
        name: `${file}:${text.slice(0, found.index).split('\n').length}`,
        code: found[1]!,
      }))
    })
}

/** Reads index.ts, and with it, in one program, the examples and the further snippets. */
export function readPublicApi(snippets: readonly Snippet[]): PublicApi {
  const alone = ts.createProgram([index], compilerOptions(), hostWith(new Map()))
  const examples = symbolsOf(alone).flatMap(exampleOf)
  const fileOf = ({ name }: Snippet): string => join(repository, 'test/docs', `${name.replace(/\W/g, '_')}.snippet.ts`)
  const texts = new Map([...examples, ...snippets].map((snippet) => [fileOf(snippet), snippet.code]))
  const program = ts.createProgram([index, ...texts.keys()], compilerOptions(), hostWith(texts), alone)
  const symbols = symbolsOf(program)
  const callable = callableSymbols(program)
  return {
    callable: callable.map(({ name }) => name),
    constants: callable.filter(({ flags }) => flags & ts.SymbolFlags.Variable).map(({ name }) => name),
    examples,
    hiddenTypes: hiddenTypes(program, symbols),
    problemsOf: (snippet) => {
      const file = program.getSourceFile(fileOf(snippet))
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ messageText, file: place, start = 0 }) =>
          `line ${(place?.getLineAndCharacterOfPosition(start).line ?? 0) + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      )
    },
  }
}

/** Those of lib/, as a project of a user has them; `semples` is lib/index.ts. */
function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(repository, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, repository)
  const unstated = { rootDir: undefined, outDir: undefined, noUncheckedIndexedAccess: false, noUnusedLocals: false }
  return { ...options, ...unstated, noEmit: true, paths: { semples: [index] } }
}

function hostWith(texts: ReadonlyMap<string, string>): ts.CompilerHost {
  const host = ts.createCompilerHost(compilerOptions(), true)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = (file) => texts.has(file) || fileExists(file)
  host.readFile = (file) => texts.get(file) ?? readFile(file)
  host.getSourceFile = (file, ...others) => {
    const text = texts.get(file)
    // An example is a module, even one that needs no import.
    return text === undefined ? getSourceFile(file, ...others) : ts.createSourceFile(file, text, others[0], true)
  }
  return host
}

function symbolsOf(program: ts.Program): ts.Symbol[] {
  const checker = program.getTypeChecker()
  return checker
    .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(index)!)!)
    .map((symbol) => declared(checker, symbol))
}

/** What a name stands for, where that was imported. */
function declared(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

/** Functions, classes and constants that hold one of them. */
function callableSymbols(program: ts.Program): ts.Symbol[] {
  const checker = program.getTypeChecker()
  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(index)!)!)
  const isValue = ({ declarations = [] }: ts.Symbol): boolean =>
    !declarations.some((each) => ts.isExportSpecifier(each) && ts.isTypeOnlyExportDeclaration(each))
  return exports
    .filter(isValue)
    .map((symbol) => declared(checker, symbol))
    .filter((symbol) => {
      const type = checker.getTypeOfSymbol(symbol)
      return type.getCallSignatures().length + type.getConstructSignatures().length > 0
    })
}

function exampleOf(symbol: ts.Symbol): Snippet[] {
  const tags = (symbol.declarations ?? []).flatMap((declaration) => ts.getJSDocTags(declaration))
  return tags
    .filter(({ tagName }) => tagName.text === 'example')
    .map(({ comment }) => ({ name: symbol.name, code: `${ts.getTextOfJSDocComment(comment) ?? ''}\n` }))
}

/**
 * Follows what the signatures and members of exported functions, classes and types name. Types that another is composed
 * of (`extends`, `&`, the argument of `Omit`) and generic helpers need no name: their members count instead.
 */
function hiddenTypes(program: ts.Program, symbols: readonly ts.Symbol[]): string[] {
  const checker = program.getTypeChecker()
  const exported = new Set(symbols)
  const hidden = new Set<string>()
  const followed = new Set<ts.Node>()
  const follow = (declaration: ts.Node, place: string): void => {
    if (followed.has(declaration) || ts.isVariableDeclaration(declaration)) return
    followed.add(declaration)
    visit(declaration, place)
  }
  const visit = (node: ts.Node, place: string): void => {
    if (ts.isBlock(node) || isPrivate(node) || ts.isTypeQueryNode(node)) return
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const name = ts.isTypeReferenceNode(node) ? node.typeName : node.expression
      const symbol = checker.getSymbolAtLocation(name)
      const target = symbol && declared(checker, symbol)
      const declaration = target && declarationInLib(target)
      if (target !== undefined && declaration !== undefined && !exported.has(target)) {
        if (isPartOfAnother(node) || !isNameable(declaration)) follow(declaration, place)
        else hidden.add(`${target.name} (${place})`)
      }
    }
    // What a conditional type compares with is no part of it.
    if (ts.isConditionalTypeNode(node)) for (const part of [node.trueType, node.falseType]) visit(part, place)
    else ts.forEachChild(node, (child) => visit(child, place))
  }
  for (const symbol of symbols) for (const declaration of symbol.declarations ?? []) follow(declaration, symbol.name)
  return [...hidden].sort()
}

function declarationInLib({ declarations: [declaration] = [] }: ts.Symbol): ts.Declaration | undefined {
  if (declaration === undefined || ts.isTypeParameterDeclaration(declaration)) return undefined
  return declaration.getSourceFile().fileName.startsWith(join(repository, 'lib/')) ? declaration : undefined
}

/** Whether a type is only what another one is written with. */
function isPartOfAnother(node: ts.Node): boolean {
  const { parent } = node
  if (ts.isHeritageClause(parent) || ts.isTypeAliasDeclaration(parent)) return true
  if (ts.isIndexedAccessTypeNode(parent)) return true
  const composes =
    ts.isIntersectionTypeNode(parent) || ts.isTypeReferenceNode(parent) || ts.isExpressionWithTypeArguments(parent)
  return composes && isPartOfAnother(parent)
}

/** Whether other files can name it, and it is a type rather than a function of types. */
function isNameable(declaration: ts.Declaration): boolean {
  const generic = ts.isTypeAliasDeclaration(declaration) && declaration.typeParameters !== undefined
  return !generic && (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0
}

function isPrivate(node: ts.Node): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
  )
}
