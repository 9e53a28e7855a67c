// The pictures to refine: a folder, the real pictures that the tests use, or drawn scenes.
import { existsSync, readdirSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import sharp from 'sharp'
import { root, StepError } from '../../scripts/steps/process.mjs'

/** The folder of real pictures with annotations, or undefined. */
export function testData() {
  const folder = resolve(process.env.SEMPLES_TEST_DATA || join(root, '..', 'shared', 'data'))
  return existsSync(folder) ? folder : undefined
}

/**
 * All pictures that there are to choose from: `name`, `width`, `height`, and `open()` for the bytes.
 *
 * @returns `source`, for people, and `pictures`
 */
export async function listPictures(folder) {
  if (folder !== undefined) return { source: folder, pictures: await filesOf([folder], /./) }
  const data = testData()
  if (data === undefined) return { source: 'drawn scenes: there is no SEMPLES_TEST_DATA', pictures: await scenes() }
  const coco = ['val2014', 'train2014'].map((split) => join(data, 'coco2014', split))
  const pictures = [...(await filesOf([join(data, 'crf')], /image\.png$|^im\d+\.png$/)), ...(await filesOf(coco, /./))]
  return { source: 'crf and coco2014 of SEMPLES_TEST_DATA', pictures }
}

async function filesOf(folders, pattern) {
  const files = folders.flatMap((folder) => {
    if (!existsSync(folder)) throw new StepError(`There is no folder ${folder} with pictures.`)
    return readdirSync(folder)
      .filter((name) => pattern.test(name) && /\.(jpe?g|png|webp|tiff?)$/i.test(name))
      .sort()
      .map((name) => join(folder, name))
  })
  if (files.length === 0) throw new StepError(`There is no picture in ${folders.join(', ')}.`)
  const { decodeImage } = await import('../../dist/pictures/decode.js')
  return Promise.all(
    files.map(async (file) => {
      const { width, height } = await sharp(file).metadata()
      return { name: basename(file), width, height, open: () => decodeImage(file) }
    }),
  )
}

const SCENES = 12
const SCENE_SIZE = 512

async function scenes() {
  const { scene } = await import('../../dist/scenes/scene.js')
  return Array.from({ length: SCENES }, (_, index) => ({
    name: `scene ${index}`,
    width: SCENE_SIZE,
    height: SCENE_SIZE,
    open: async () => {
      const { pixels, width, height, mask } = scene(0, index, { size: SCENE_SIZE })
      return { data: pixels, width, height, mask }
    },
  }))
}

/** The pictures to time: of 640 x 480 or, where there are none, any. */
export function timedPictures(pictures) {
  const usual = pictures.filter(({ width, height }) => width === 640 && height === 480)
  return usual.length > 0 ? usual : pictures
}
