/**
 * The first key that occurs twice in one object of a valid JSON text, at any depth, or undefined. `JSON.parse` keeps
 * the last of them in silence; a file format that forbids repetition needs to know.
 */
export function repeatedKey(json: string): string | undefined {
  // A string, with the colon that makes it a key; or a bracket. Everything else is skipped.
  const tokens = /"([^"\\]*(?:\\.[^"\\]*)*)"(\s*:)?|[{}]/g
  const open: Set<string>[] = []
  for (const [token, text, colon] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (colon !== undefined) {
      const key: unknown = JSON.parse(`"${text}"`)
      const keys = open.at(-1)
      if (typeof key !== 'string' || keys === undefined) continue
      if (keys.has(key)) return key
      keys.add(key)
    }
  }
  return undefined
}
