/**
 * Turns that an OpenMP thread waits for work before it sleeps. libgomp's own 300,000 make steps a little shorter on an
 * idle machine and several times longer where another process wants the cores.
 */
const SPIN_COUNT = '3000'

/**
 * Lets threads that wait give way to other processes. libgomp reads the environment when it is opened, so this comes
 * before; what the user has set stays.
 */
export function limitOpenMpSpin(environment: NodeJS.ProcessEnv = process.env): void {
  if (environment.OMP_WAIT_POLICY || environment.GOMP_SPINCOUNT) return
  environment.GOMP_SPINCOUNT = SPIN_COUNT
}
