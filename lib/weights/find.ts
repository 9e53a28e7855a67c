import { existsSync } from 'node:fs'
import { SemplesError } from '../base/error.js'
import { placeHolding } from './check.js'
import type { KnownWeights, WeightsUse } from './description.js'
import { cachedFile, placeFound, placesOf } from './places.js'
import { knownWeights, namedWeights, nearestClip, nearestGenerator } from './table.js'
import { meantHint } from './words.js'

/** How each use is named in a config, by which error its absence is told, and by which option of the command line. */
const uses = {
  generator: { field: 'generator.weights', code: 'SEMPLES_WEIGHTS_MISSING', option: '--weights' },
  clip: { field: 'clip.path', code: 'SEMPLES_CLIP_MISSING', option: '--clip' },
} as const

/**
 * The file that a value of `generator.weights` or `clip.path` means: for a name of the table the one in the user cache, or
 * the one that another program fetched, whose bytes are compared with the table's hash; else the value itself, a path.
 * Nothing is fetched.
 *
 * @param use what the value is for; default: `generator`
 * @throws SemplesError `SEMPLES_WEIGHTS_MISSING` or `SEMPLES_CLIP_MISSING` for a name that is not fetched,
 *   `SEMPLES_CHECKPOINT_INVALID` where the file in the cache is damaged, each with the command to type;
 *   `SEMPLES_CONFIG_INVALID` for a name of the other use
 */
export async function weightsPath(
  value: string,
  use: WeightsUse = 'generator',
  table: readonly KnownWeights[] = knownWeights,
): Promise<string> {
  const known = namedWeights(value, table)
  if (known === undefined) return value
  refuseOtherUse(known, use)
  const place = await placeHolding(known)
  if (place !== undefined) return place.file
  const command = `npx semples weights fetch ${known.name}`
  const file = cachedFile(known)
  if (existsSync(file)) {
    throw new SemplesError('SEMPLES_CHECKPOINT_INVALID', {
      message: `${file} is damaged: it does not hold the weights ${known.name}.`,
      file,
      hint: `To fetch them again, type: ${command}`,
    })
  }
  const other = placesOf(known).find((each) => existsSync(each.file))
  const found = other === undefined ? '' : ` ${other.file}, which ${other.by} fetched, does not have their sha256.`
  const { code, field } = uses[use]
  throw new SemplesError(code, {
    message: `These weights are not fetched yet.${found}`,
    field,
    value,
    hint: `Type: ${command}`,
  })
}

/**
 * As `weightsPath`, and the file is there.
 * @param field names the value for people. Default: `generator.weights`, or `clip`
 * @param otherwise the hint where no name of the table is near
 * @throws SemplesError as `weightsPath`, also for a path that is not there
 */
export async function weightsFile(
  value: string,
  use: WeightsUse,
  { field = use === 'clip' ? 'clip' : uses[use].field, otherwise }: { field?: string; otherwise: string | undefined },
): Promise<string> {
  const file = await weightsPath(value, use)
  if (existsSync(file)) return file
  const nearest = use === 'clip' ? nearestClip(file) : nearestGenerator(file)
  throw new SemplesError(uses[use].code, {
    message: `There ${use === 'clip' ? 'is no CLIP' : 'are no weights'} ${file}.`,
    file,
    field,
    hint: nearest === undefined ? otherwise : meantHint(nearest, field),
  })
}

/** As `weightsPath`, without a look at the content and without errors: for estimates before the files are needed. */
export function likelyWeightsPath(value: string): string {
  const known = namedWeights(value)
  return (known === undefined ? undefined : placeFound(known)?.file) ?? value
}

function refuseOtherUse({ name, use }: KnownWeights, wanted: WeightsUse): void {
  if (use === wanted) return
  const what = use === 'clip' ? 'a CLIP' : 'weights of a mask generator'
  throw new SemplesError('SEMPLES_CONFIG_INVALID', {
    message: `${name} is ${what}, and cannot be given here.`,
    field: uses[wanted].field,
    value: name,
    hint: `Give it as ${uses[use].field} (${uses[use].option} ${name}). For a file of that very name, write ./${name}.`,
  })
}
