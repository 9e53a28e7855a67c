import { listed } from '../../base/count.js'
import { FIELDS, fieldsFor } from './fields.js'
import type { Load } from './load.js'
import { RESNET_HINT } from './recognised.js'
import { efficientnetSizes, resnetSizes } from './sizes.js'
import type { Refusal } from './types.js'

/** A transformer of other sizes: both numbers, and the options that make them one. */
export function otherSizes({ sizes: file, ownSizes: own, what }: Load, subject: string): Refusal | undefined {
  if (file === undefined || own === undefined) return undefined
  const others = FIELDS.filter(
    (field) => file[field] !== undefined && own[field] !== undefined && file[field] !== own[field],
  )
  const texts = others.map((field) => `${field} ${file[field]} (generator: ${own[field]})`)
  const classes = file.tokens !== undefined && file.tokens > 1 && file.tokens !== own.tokens
  if (classes) texts.push(`${file.tokens} classes (generator: ${own.tokens})`)
  if (texts.length === 0) return undefined
  const message = `${subject} is ${what}, of other sizes than the generator: ${listed(texts)}.`
  if (others.length === 0)
    return { message, hint: 'Train on data with the classes of these weights, or start from a DeiT.' }
  const settings = Object.entries(fieldsFor(file, own)).map(([field, value]) => `${field}: ${value}`)
  return { message, hint: `Set generator: { ${settings.join(', ')} } in the config, or give other weights.` }
}

/** The backbone of the kind cnn that the weights are of, where the generator is of another kind. */
export function backboneOf({ shapes, ownShapes }: Load): string | undefined {
  if (resnetSizes(ownShapes) !== undefined || efficientnetSizes(ownShapes) !== undefined) return undefined
  return resnetSizes(shapes)?.backbone ?? (efficientnetSizes(shapes)?.lite0 ? 'efficientnet-lite0' : undefined)
}

/** A convolutional network other than that of the generator. */
export function otherBackbone(load: Load, subject: string): Refusal | undefined {
  return ofResnet(load, subject) ?? ofEfficientnet(load, subject)
}

function ofResnet({ shapes, ownShapes }: Load, subject: string): Refusal | undefined {
  const [file, own] = [resnetSizes(shapes), resnetSizes(ownShapes)]
  if (file === undefined || own === undefined) return undefined
  if (file.name !== own.name)
    return {
      message: `${subject} is a ${file.name}, and the generator has a ${own.name}.`,
      hint: file.backbone === undefined ? RESNET_HINT : `Set generator.backbone: '${file.backbone}'.`,
    }
  if (file.width === own.width) return undefined
  return {
    message: `${subject} is a ${file.name} of width ${file.width} (${64 * file.width} channels in its stem), and the generator has width ${own.width}.`,
    hint: `Set generator.width: ${file.width}, or give other weights.`,
  }
}

function ofEfficientnet({ shapes, ownShapes }: Load, subject: string): Refusal | undefined {
  const file = efficientnetSizes(shapes)
  if (file === undefined || file.lite0 || efficientnetSizes(ownShapes) === undefined) return undefined
  return {
    message: `${subject} is an ${file.name}, and the generator has an EfficientNet-Lite0 of 16 blocks.`,
    hint: 'Fetch the weights that the generator knows: npx semples weights fetch efficientnet-lite0.',
  }
}
