import { oneOf } from './count.js'
import { SemplesError } from './error.js'
import { nearestField } from './spelling.js'

/**
 * The kind of that name in a list of kinds; without one the first, which is the default.
 * @param what of whom there is none: `mask generator`
 * @param where in the error, after that: ` in config.json, line 3`
 * @throws SemplesError `SEMPLES_CONFIG_INVALID` with the names, and the nearest
 */
export function kindNamed<Kind extends { kind: string }>(
  kinds: readonly Kind[],
  name: unknown,
  { what, field, where = '' }: { what: string; field: string; where?: string },
): Kind {
  const kind = name === undefined ? kinds[0] : kinds.find((each) => each.kind === name)
  if (kind !== undefined) return kind
  const names = kinds.map((each) => each.kind)
  const nearest = nearestField(String(name), names)
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `There is no such kind of ${what}${where}.`,
    field,
    value: name,
    expected: oneOf(names),
    hint: nearest === undefined ? undefined : `Did you mean ${nearest}?`,
  })
}
