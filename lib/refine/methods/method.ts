import type { z } from 'zod'
import type { NativeRefineRequest } from '../../native/addon.js'

/** What a method decides where the caller says nothing: options that all methods have. */
export interface MethodDefaults {
  iterations: number
  unary: 'soft' | 'hard'
  backgroundPower?: number
}

/** One way of refining: its own options, what fills them in, and what the addon makes of them. */
export interface RefineMethod<
  Kind extends string = string,
  Schema extends z.ZodObject = z.ZodObject,
  Own extends object = object,
> {
  kind: Kind
  /** For people: name and source. */
  title: string
  /** Its own options, all of them optional; `sharedOptions` are those of all methods. */
  schema: Schema
  defaults(options: z.infer<Schema>): MethodDefaults
  /** Its own options with every default filled in. */
  resolve(options: z.infer<Schema>): Own
  /** @param labels how many take part */
  native(own: Own, iterations: number, labels: number): NativeRefineRequest['method']
  /** The only unaries that it takes; absent where both will do. */
  onlyUnary?: 'soft' | 'hard'
  /** How maps of another size are resized: whether the centres of the corner pixels meet. */
  alignCorners: boolean
  /** How many labels there must be, also those that a picture does not show. Undefined: those that it shows. */
  labels?(own: Own): number | undefined
}

/** Names a method with all its types. */
export function refineMethod<const Kind extends string, Schema extends z.ZodObject, Own extends object>(
  definition: RefineMethod<Kind, Schema, Own>,
): RefineMethod<Kind, Schema, Own> {
  return definition
}
