import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a key and a certificate for 127.0.0.1 in a folder, by openssl; a child process trusts `file` by NODE_EXTRA_CA_CERTS. */
export function makeCertificate(folder: string): { key: string; cert: string; file: string } {
  const [key, file] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', file]
  const { status } = spawnSync('openssl', [...made, ...subject], { stdio: 'ignore' })
  if (status !== 0) throw new Error(`openssl ended with status ${status}`)
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file }
}
