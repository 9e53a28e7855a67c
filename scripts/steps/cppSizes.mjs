// Lengths of C++ files and functions, by counting braces: enough for a limit, and no parser is needed.

/**
 * What is longer than the limits: `[{ line, problem }]`.
 * @param limits most lines of a `file` and, braces included, of a `function`
 */
export function oversized(source, limits) {
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0)
  const ofFile = lines > limits.file ? [{ line: 1, problem: `${lines} lines, at most ${limits.file}` }] : []
  const ofFunctions = functionsOf(source)
    .filter((found) => found.lines > limits.function)
    .map(({ name, line, lines: own }) => ({ line, problem: `${name} has ${own} lines, at most ${limits.function}` }))
  return [...ofFile, ...ofFunctions]
}

/** The function definitions of a file: name, line of the opening brace, lines up to the closing one. */
export function functionsOf(source) {
  const code = withoutNoise(source)
  const functions = []
  let line = 1
  let header = ''
  /** Open braces inside a function; 0 where only namespaces and classes are open. */
  let depth = 0
  let current
  for (const sign of code) {
    if (sign === '\n') line++
    if (sign === '{') {
      if (depth > 0) depth++
      else if (!isContainer(header)) {
        depth = 1
        current = { name: nameOf(header), line }
      }
    } else if (sign === '}' && depth > 0) {
      depth--
      if (depth === 0 && current.name !== undefined) functions.push({ ...current, lines: line - current.line + 1 })
    }
    header = depth === 0 && !'{};'.includes(sign) ? header + sign : ''
  }
  return functions
}

/** Blanks for comments, strings and preprocessor lines; line breaks stay. */
function withoutNoise(source) {
  const noise =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"([^(\s]*)\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])+'|(?<=^|\n)[ \t]*#(?:\\\n|[^\n])*/g
  return source.replace(noise, (text) => text.replace(/[^\n]/g, ' '))
}

/** Whether a brace after this text opens a namespace, class or list of values rather than a function. */
function isContainer(header) {
  const plain = header.replace(/\b(?:alignas|__attribute__)\s*\((?:[^()]|\([^()]*\))*\)/g, '')
  return /\b(?:namespace|class|struct|union|enum|extern)\b/.test(plain) && !plain.includes(')')
}

/** What stands before the first bracket; undefined for a list of values. */
function nameOf(header) {
  return /([\w:~]+|operator\S+)\s*\(/.exec(header)?.[1]
}
