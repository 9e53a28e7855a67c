// npm run bench -- NAME [options]: side-by-side and resource measurements, one file each.
import { build } from '../scripts/steps/build.mjs'
import { main } from '../scripts/steps/process.mjs'

const benches = {
  against: [
    './against.mjs',
    'this checkout and another built one (against DIR) in turns: ratios of their times (against --help)',
  ],
  clip: ['./clip.mjs', 'the same CLIP in each kind of file that it comes in: time and memory of its gradients'],
  crf: ['./crf.mjs', 'the dense CRF beside pydensecrf2: agreement, speed, memory, quality (crf --help)'],
  cnn: ['./cnn.mjs', 'training steps and CAMs of CNN generators beside plain PyTorch: time, memory, values'],
  demo: ['./demo.mjs', 'the demo on several seeds (--seeds 0,1,2): mean IoU of every stage and of the control'],
  precision: ['./precision.mjs', 'steps, CAMs and masks of the published sizes in float32 and in bfloat16'],
  photos: ['./photos.mjs', 'SemPLeS on photographs with masks, beside its controls (--data DIR --seeds 0,1,2)'],
  segment: [
    './segment.mjs',
    'segmentation models on photographs, from image-level labels and from ground truth (--data DIR --seeds 0,1,2)',
  ],
  review: ['./review.mjs', 'how well `semples masks --review` ranks masks by their true IoU (--seeds 7,8,9 --out DIR)'],
  predict: [
    './predict.mjs',
    'masks of pictures in memory, alone and eight calls at once, beside plain PyTorch (--small)',
  ],
  start: ['./start.mjs', 'starting: import, --help, first refineMask and first step, in fresh processes; sizes'],
  'true-size': ['./trueSize.mjs', 'one step of each stage at the published sizes, with peak memory'],
}

await main(async () => {
  const [name, ...options] = process.argv.slice(2)
  const bench = benches[name ?? '']
  if (bench === undefined) {
    console.log('npm run bench -- NAME [--json]\n')
    for (const [each, [, text]] of Object.entries(benches)) console.log(`  ${each.padEnd(12)} ${text}`)
    return name === undefined || name === '--help' ? 0 : 2
  }
  await build()
  const { run } = await import(bench[0])
  return run(options)
})
