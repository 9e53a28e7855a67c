// npm run build: npm packages, dist/, LibTorch and build/Release; what is done already is not done again.
// With --native-only (what binding.gyp calls) npm packages are left alone.
import { build, compileAll } from './steps/build.mjs'
import { main } from './steps/process.mjs'

await main(process.argv.includes('--native-only') ? compileAll : build)
