// npm run build: npm packages, dist/, LibTorch and build/Release; what is done already is not done again.
// With --native-only (what binding.gyp calls) npm packages are left alone; --arch is the processor to build for.
import { arch } from 'node:os'
import { parseArgs } from 'node:util'
import { build, compileAll } from './steps/build.mjs'
import { main } from './steps/process.mjs'

const { values } = parseArgs({
  options: { 'native-only': { type: 'boolean', default: false }, arch: { type: 'string', default: arch() } },
})
await main(() => (values['native-only'] ? compileAll({ architecture: values.arch }) : build()))
