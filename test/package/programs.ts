/** What a person's first program does, in every form: draw pictures, train for one epoch a stage, make and refine masks. */
const body = `
async function main() {
  process.chdir(process.argv[2] ?? '.')
  await writeScenes({ out: 'scenes', train: 12, val: 2 })
  const once = { epochs: 1 }
  const { out, stages } = await trainSemPLeS({
    preset: 'demo',
    data: { folder: 'scenes/JPEGImages', labels: 'scenes/train.csv' },
    classify: once, match: once, prompt: once, guide: once,
    out: 'run',
  })
  const { pictures } = await generateMasks({ run: out, out: 'masks' })
  const image = { data: new Uint8Array(3 * 64).map((_, index) => index), width: 8, height: 8 }
  const labels = { data: new Uint8Array(64).map((_, index) => Number(index % 8 > 3)), width: 8, height: 8 }
  const { mask } = await refineMask({ image, labels, classes: [0, 1] })
  console.log(JSON.stringify([stages.length, pictures, mask.width, mask.height, mask.data.length]))
}
main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
`
const names = '{ generateMasks, refineMask, trainSemPLeS, writeScenes }'

export const expected = [4, 12, 8, 8, 64]
export const programs = {
  mjs: `import ${names} from 'semples'\n${body}`,
  cjs: `const ${names} = require('semples')\n${body}`,
  mts: `import ${names} from 'semples'\n${body}`,
} as const

/** Refines the masks of a folder: no CLIP, no weights. */
export const refineOnly = `import { refineMask } from 'semples'
const image = { data: new Uint8Array(3 * 64).map((_, index) => index), width: 8, height: 8 }
const labels = { data: new Uint8Array(64).map((_, index) => Number(index % 8 > 3)), width: 8, height: 8 }
const { mask } = await refineMask({ image, labels, classes: [0, 1] })
console.log(process.version, mask.data.length)
`
