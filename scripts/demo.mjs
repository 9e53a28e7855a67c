// npm run demo: builds what is missing, then runs the demo of the command line with the arguments given here.
import { spawnSync } from 'node:child_process'
import { build } from './steps/build.mjs'
import { main, root } from './steps/process.mjs'

await main(async () => {
  await build()
  const parameters = ['dist/cli/main.js', 'demo', ...process.argv.slice(2)]
  return spawnSync(process.execPath, parameters, { cwd: root, stdio: 'inherit' }).status ?? 1
})
