import { publishedHeads, type TransformerSizes } from './sizes.js'

/** Fields of `generator` that shapes tell. */
export const FIELDS = ['width', 'depth', 'patchSize', 'mlpRatio', 'heads'] as const

/** Fields of `generator` for weights of those sizes, as far as they differ from those of another generator. */
export function fieldsFor(
  file: TransformerSizes,
  own: Partial<TransformerSizes> & { patchSize: number },
): Record<string, number> {
  const heads = file.heads ?? publishedHeads(file.width)
  const image = (own.grid ?? 14) * own.patchSize
  const fields: Record<string, number> = {}
  for (const field of FIELDS) {
    const value = field === 'heads' ? heads : file[field]
    if (value !== undefined && value !== own[field]) fields[field] = value
  }
  if (image % file.patchSize !== 0) fields.imageSize = Math.max(1, Math.round(image / file.patchSize)) * file.patchSize
  return fields
}
