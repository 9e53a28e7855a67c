// Pictures with true masks, from everything that there is.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listPictures, testData } from './pictures.mjs'

const VOID = 255

/** `source`, `name`, `open()` → `{ image, truth }`, `truth` being a mask with 255 where nothing is known. */
export async function annotatedPictures() {
  const data = testData()
  if (data === undefined) {
    const { pictures } = await listPictures()
    return pictures.map(({ name, open }) => ({
      source: 'drawn scenes',
      name,
      open: async () => {
        const image = await open()
        return { image, truth: image.mask }
      },
    }))
  }
  return [...(await vocPictures(join(data, 'crf'))), ...(await msrcPictures(join(data, 'crf'))), ...(await coco(data))]
}

async function vocPictures(folder) {
  const { decodeImage } = await import('../../dist/pictures/decode.js')
  const { readMask } = await import('../../dist/masks/png.js')
  const { maskPalette } = await import('../../dist/masks/palette.js')
  return present(folder, ['1_image.png', '114_image.png']).map((name) => ({
    source: 'VOC 2012',
    name,
    open: async () => ({
      image: await decodeImage(join(folder, name)),
      truth: await readMask(join(folder, name.replace('image', 'target')), { palette: maskPalette() }),
    }),
  }))
}

/** Every colour of an annotation is a class of that picture, and black is unlabelled. */
async function msrcPictures(folder) {
  const { decodeImage } = await import('../../dist/pictures/decode.js')
  return present(folder, ['im1.png', 'im3.png']).map((name) => ({
    source: 'MSRC',
    name,
    open: async () => ({
      image: await decodeImage(join(folder, name)),
      truth: idsOfColors(await decodeImage(join(folder, name.replace('im', 'anno')))),
    }),
  }))
}

function idsOfColors({ data, width, height }) {
  const ids = new Map([[0, VOID]])
  const mask = new Uint8Array(width * height).map((_, pixel) => {
    const color = (data[3 * pixel] << 16) | (data[3 * pixel + 1] << 8) | data[3 * pixel + 2]
    if (!ids.has(color)) ids.set(color, ids.size)
    return ids.get(color)
  })
  return { width, height, data: mask }
}

async function coco(data) {
  const root = join(data, 'coco2014')
  if (!existsSync(root)) return []
  const { coco2014 } = await import('../../dist/datasets/coco2014.js')
  const { decodeImage } = await import('../../dist/pictures/decode.js')
  const splits = await Promise.all(['val2014', 'train2014'].map((split) => coco2014({ root, split })))
  return splits.flatMap((dataset) =>
    dataset.items
      .filter(({ labels }) => labels.length > 0)
      .map((item) => ({
        source: 'COCO 2014',
        name: item.id,
        open: async () => ({ image: await decodeImage(item.image), truth: await dataset.mask(item) }),
      })),
  )
}

const present = (folder, names) => names.filter((name) => existsSync(join(folder, name)))
