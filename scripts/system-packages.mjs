// Installs what tests need of the system and CI lacks (as root on Debian); elsewhere says what is missing.
import { ensureSystemPackages } from './steps/debian.mjs'
import { main } from './steps/process.mjs'

await main(ensureSystemPackages)
