import { expect, test } from '@jest/globals'
import { MaskGenerator } from '../../lib/models/maskGenerator.js'
import { expectClose } from '../support/close.js'
import { describeGolden, readGolden } from '../support/golden.js'
import { generatorConfig } from '../support/goldenModels.js'

describeGolden('cam_generation_', (kind) => {
  test('multi-scale + flip CAMs of real pictures', async () => {
    const file = await readGolden(`cam_generation_${kind}`)
    const weights = await readGolden(file.meta<string>('weights'))
    using generator = await MaskGenerator.create(generatorConfig(weights.meta('config')))
    await generator.load(weights.under('w.'))
    const scales = file.meta<number[]>('scales')
    for (let i = 0; file.has(`image${i}.pixels_u8`); i++) {
      const pictures = scales.map((scale) => {
        const tensor = file.tensor(scale === 1 ? `image${i}.pixels_u8` : `image${i}.s${scale}.resized_u8`)
        return { data: tensor.data as Uint8Array, height: tensor.shape[0], width: tensor.shape[1] }
      })
      const classes = [...file.numbers(`image${i}.labels`).entries()]
        .filter(([, label]) => label === 1)
        .map(([index]) => index)
      const result = await generator.cams(pictures, classes)
      expectClose(result.logits, file.numbers(`image${i}.s1.0.plain.class_logits`), { name: 'logits', relMax: 1e-5 })
      expect(classes.length).toBeGreaterThan(0)
      for (const [position, index] of classes.entries()) {
        const size = result.height * result.width
        const cam = result.cams.subarray(position * size, (position + 1) * size)
        expectClose(cam, file.numbers(`image${i}.final_cam.class${index}`), {
          name: `picture ${i} class ${index}`,
          relMax: 0,
          abs: 2e-4,
        })
      }
    }
  })
})
