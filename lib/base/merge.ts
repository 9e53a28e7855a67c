/** An object type with all fields optional, at any depth. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [Key in keyof T]?: DeepPartial<T[Key]> }
    : T

/** Merges `changes` into a copy of `base`, object by object; lists are replaced, undefined fields are ignored. */
export function merge<T extends object>(base: T, changes: DeepPartial<NoInfer<T>>): T {
  const result = { ...base } as Record<string, unknown>
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) continue
    const present = result[key]
    result[key] = isSection(value) && isSection(present) ? merge(present, value) : value
  }
  return result as T
}

/** `value` without the fields that are undefined. */
export function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
}

function isSection(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
