import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import ts from 'typescript'
import { describeConfig } from '../../lib/config/describe.js'
import { defaultsOf } from '../../lib/config/resolve.js'

/** Docstrings of a file's interfaces: interface → field → text, with the fields it inherits. */
function docstrings(file: string): Map<string, Map<string, { text: string; type: string }>> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true)
  const found = new Map<string, Map<string, { text: string; type: string }>>()
  for (const node of source.statements) {
    if (ts.isTypeAliasDeclaration(node) && ts.isTypeReferenceNode(node.type)) {
      const same = found.get(node.type.typeName.getText())
      if (same !== undefined) found.set(node.name.text, same)
    }
    if (!ts.isInterfaceDeclaration(node)) continue
    const inherited = node.heritageClauses?.flatMap(({ types }) => types.map((type) => type.expression.getText())) ?? []
    const fields = new Map(inherited.flatMap((name) => [...(found.get(name) ?? [])]))
    for (const member of node.members) {
      if (!ts.isPropertySignature(member)) continue
      const text = ts.getJSDocCommentsAndTags(member).map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '')
      fields.set(member.name.getText(), { text: text.join(' '), type: member.type?.getText() ?? '' })
    }
    found.set(node.name.text, fields)
  }
  return found
}

const types = docstrings('lib/config/types.ts')

function docstringOf(field: string): string | undefined {
  let section = types.get('RunConfig')
  let text: string | undefined
  for (const key of field.split('.')) {
    const entry = section?.get(key)
    text = entry?.text
    section = types.get(entry?.type ?? '')
  }
  return text
}

const shorthands = ['epochs', 'batch', 'lr', 'maxSteps', 'augment']

describe('every field', () => {
  const fields = describeConfig().filter(({ field }) => !field.startsWith('data.') && !shorthands.includes(field))

  test.each(fields)('$field has a docstring with its default', ({ field }) => {
    const text = docstringOf(field) ?? ''
    expect(text.length).toBeGreaterThan(20)
    expect(text).toMatch(/default/i)
  })

  test.each(fields.filter(({ default: value }) => value !== undefined && !Array.isArray(value)))(
    '$field states the default that holds ($default)',
    ({ field, default: value }) => {
      // Stages differ in batch, lr, maskEpsilon and augment; each of their defaults stands in the one docstring.
      const stated = (docstringOf(field) ?? '')
        .replaceAll('`', '')
        .split(/default/i)
        .slice(1)
        .join(' ')
      const written =
        typeof value === 'number'
          ? stated.match(/[\d.]+(e-?\d+)?/g)?.map((text) => Number(text.replace(/\.$/, '')))
          : stated
      expect(written).toContain(typeof value === 'number' ? value : String(value))
    },
  )
})

test('all that is resolved is described, and nothing else', () => {
  const leaves = (value: unknown, path: string): string[] =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
      : [path]
  const described = describeConfig()
  const resolved = leaves(defaultsOf(), '')
  expect(described.map(({ field }) => field)).toEqual(expect.arrayContaining(resolved))
  const withoutDefault = described.filter(({ default: value }) => value === undefined).map(({ field }) => field)
  const optional = /^(data\.|out$|generator\.weights$|clip\.(path|visionHeads|textHeads)$|.*maxSteps$|cams\.maxSide$)/
  expect(withoutDefault.filter((field) => !optional.test(field) && !shorthands.includes(field))).toEqual([])
})

test('defaults follow the preset', () => {
  const of = (preset: 'voc2012' | 'coco2014') =>
    describeConfig({ preset }).find(({ field }) => field === 'refine.foregroundPrompt')?.default
  expect([of('voc2012'), of('coco2014')]).toEqual([0.05, 0.2])
})
