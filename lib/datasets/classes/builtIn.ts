import type { ClassTable } from '../dataset.js'
import { readClassTable } from './classTableFile.js'
import { coco2014Classes, coco2014Classes90 } from './coco2014.js'
import { voc2012Classes } from './voc2012.js'

/** The class tables that are known by name, wherever a table can be given. A file of such a name is written `./voc2012`. */
export const builtInClasses: Readonly<Record<string, ClassTable>> = {
  voc2012: voc2012Classes,
  coco2014: coco2014Classes,
  'coco2014-90': coco2014Classes90,
}

/** `voc2012`, `coco2014`, `coco2014-90` */
export const builtInNames: readonly string[] = Object.keys(builtInClasses)

/** Labels that are certainly names of classes: those of the tables. */
export const knownLabels: ReadonlySet<string> = new Set(
  Object.values(builtInClasses).flatMap(({ classes }) => classes.map(({ label }) => label)),
)

/** The table of that name, if it is one of ours. */
export function builtInTable(name: string): ClassTable | undefined {
  return Object.hasOwn(builtInClasses, name) ? builtInClasses[name] : undefined
}

/**
 * A class table by its name, or from a classes.json.
 * @throws SemplesError as `readClassTable`
 */
export async function openClassTable(nameOrFile: string, fallbackName?: string): Promise<ClassTable> {
  return builtInTable(nameOrFile) ?? readClassTable(nameOrFile, fallbackName)
}
