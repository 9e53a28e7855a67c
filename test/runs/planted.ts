import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { writeMask } from '../../lib/index.js'
import { Random } from '../../lib/loader/random.js'
export const [WIDTH, HEIGHT] = [48, 36]

/**
 * Pictures of two colours with noise of +-40 in every channel, and masks that are a few pixels off. Settings whose srgb is far
 * below the noise see no pixel like another, and cannot mend them; those with a large srgb can.
 */
export async function writePlanted(root: string, names: readonly string[]) {
  const folders = { images: join(root, 'images'), cams: join(root, 'cams'), groundTruth: join(root, 'truth') }
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true })
  for (const [index, name] of names.entries()) {
    const random = new Random(name)
    const border = 14 + 3 * (index % 7)
    const rgb = new Uint8Array(3 * WIDTH * HEIGHT)
    const truth = new Uint8Array(WIDTH * HEIGHT)
    const noisy = new Uint8Array(WIDTH * HEIGHT)
    for (let pixel = 0; pixel < truth.length; pixel++) {
      const x = pixel % WIDTH
      for (let channel = 0; channel < 3; channel++)
        rgb[3 * pixel + channel] = (x >= border ? 190 : 70) + random.integer(-40, 40)
      truth[pixel] = x >= border ? 7 : 0
      noisy[pixel] = x >= border + 5 !== ((pixel * 7919) % 11 === 0) ? 7 : 0
    }
    const raw = { width: WIDTH, height: HEIGHT, channels: 3 as const }
    await sharp(rgb, { raw })
      .png()
      .toFile(join(folders.images, `${name}.png`))
    await writeMask(join(folders.cams, `${name}.png`), { width: WIDTH, height: HEIGHT, data: noisy })
    await writeMask(join(folders.groundTruth, `${name}.png`), { width: WIDTH, height: HEIGHT, data: truth })
  }
  return folders
}
