import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { promptMaps } from '../../lib/cam/promptMaps.js'
import { resizeImage } from '../../lib/loader/resize.js'
import { Clip } from '../../lib/models/clip.js'
import { tokenize } from '../../lib/text/tokenizer.js'
import { describeNative, pixels } from '../native/models.js'

const archive = fileURLToPath(new URL('../../models/demo-clip.pt', import.meta.url))

const statistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

describeNative('where texts answer in a picture', () => {
  const size = 64
  const image = { data: pixels(1, size), width: size, height: size }

  test('cosines of patch features with text features, row by row', async () => {
    using clip = await Clip.open({ path: archive })
    const { contextLength, featureWidth } = clip.info
    const features = await clip.encodeText(tokenize(['a photo of water.', 'grass'], { contextLength }))
    const maps = await promptMaps(clip, image, features, 'generator')
    expect(maps.map(({ rows, columns }) => [rows, columns])).toEqual([
      [8, 8],
      [8, 8],
    ])
    // The picture as training gives it to CLIP, channel after channel.
    const values = Float32Array.from({ length: 3 * size * size }, (_, at) => {
      const channel = Math.floor(at / (size * size))
      const value = image.data[(at % (size * size)) * 3 + channel]! / 255
      return (value - statistics.mean[channel]!) / statistics.std[channel]!
    })
    const patches = await clip.encodePatches({ dtype: 'float32', shape: [1, 3, size, size], data: values })
    expect(patches.shape).toEqual([1, 64, featureWidth])
    for (const [index, { values: cosines }] of maps.entries()) {
      for (const patch of [0, 9, 63]) {
        const one = (patches.data as Float32Array).slice(patch * featureWidth, (patch + 1) * featureWidth)
        const other = (features.data as Float32Array).slice(index * featureWidth, (index + 1) * featureWidth)
        const product = one.reduce((sum, value, at) => sum + value * other[at]!, 0)
        expect(cosines[patch]).toBeCloseTo(product / (Math.hypot(...one) * Math.hypot(...other)), 5)
      }
    }
  })

  test('another size is resized to that of CLIP', async () => {
    using clip = await Clip.open({ path: archive })
    const features = await clip.encodeText(tokenize(['water'], { contextLength: clip.info.contextLength }))
    const wide = { data: pixels(2, size), width: size, height: 2 * size }
    const [own] = await promptMaps(clip, wide, features, 'clip')
    const resized = await resizeImage(wide, size, size, { mode: 'exact' })
    expect(own).toEqual((await promptMaps(clip, resized, features, 'clip'))[0])
  })
})
