import type { z } from 'zod'
import { crf } from './methods/crf.js'
import type { RefineMethod } from './methods/method.js'
import { pamr } from './methods/pamr.js'

/** Every way of refining; the first is the default. */
export const refineMethods = [crf, pamr] as const

export type MethodName = (typeof refineMethods)[number]['kind']

export const methodNames = refineMethods.map(({ kind }) => kind) as [MethodName, ...MethodName[]]

type Intersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never

/** The own options of all methods. */
export type MethodOptions = Intersection<z.infer<(typeof refineMethods)[number]['schema']>>

export function methodNamed(name: MethodName): RefineMethod {
  return refineMethods.find(({ kind }) => kind === name)! as unknown as RefineMethod
}
