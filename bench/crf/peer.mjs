// pydensecrf2 from PyPI in an environment of its own, and one long-lived process of it.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root, StepError, say } from '../../scripts/steps/process.mjs'
import { ensureVenv, pipInstall, pythonOf } from '../../scripts/steps/python.mjs'
import { fingerprint, once } from '../../scripts/steps/stamp.mjs'

const folder = '.cache/bench/pydensecrf'
const requirements = 'bench/crf/requirements.txt'
const buildRequirements = 'bench/crf/build-requirements.txt'

/** Builds the peer once (about a minute); the path of its Python. */
export async function preparePeer() {
  try {
    ensureVenv(folder)
    await once(`${folder}/.stamp`, fingerprint([requirements, buildRequirements]), () => {
      say(`Building pydensecrf2 in ${folder} (once)`)
      const failed = 'pip could not build it'
      pipInstall(['--quiet', '--requirement', buildRequirements], failed, pythonOf(folder))
      pipInstall(['--quiet', '--no-build-isolation', '--requirement', requirements], failed, pythonOf(folder))
    })
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    const needs = 'a C++ compiler, python3 with its headers (python3-dev, python3-venv) and an index with pydensecrf2'
    throw new StepError(
      `There is no pydensecrf2 to compare with: ${error.message.replace(/\.$/, '')}. It needs ${needs}.`,
    )
  }
  return pythonOf(folder)
}

/** The peer as a process that answers one request after the other. */
export class Peer {
  #child
  #lines
  #complaints = ''

  constructor(python) {
    // One thread, also where its linear algebra would take more.
    const env = { ...process.env, OMP_NUM_THREADS: '1', PYTHONUNBUFFERED: '1' }
    this.#child = spawn(python, [join(root, 'bench/crf/peer.py')], { env, stdio: 'pipe' })
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#complaints = (this.#complaints + text).slice(-2000)
    })
    this.#child.stdin.on('error', () => {})
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** `run`, `memory` or `throughput`, as peer.py has them. */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new StepError(`pydensecrf2 ended early: ${this.#complaints.trim().split('\n').at(-1)}`)
    return JSON.parse(value)
  }

  close() {
    this.#child.kill()
  }
}

/** One request to a process of its own, which has computed nothing before. */
export async function askFreshPeer(python, request) {
  const peer = new Peer(python)
  try {
    return await peer.ask(request)
  } finally {
    peer.close()
  }
}
