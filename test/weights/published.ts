import { createHash } from 'node:crypto'
import type { KnownWeights } from '../../lib/weights/description.js'
import { type IndexServer, type Serve, startIndex } from '../fetch/indexServer.js'

export const fileName = 'tiny-vit.pth'
export const bytes = Buffer.alloc(200_000, 'weights of a small network, ')
export const hash = createHash('sha256').update(bytes).digest('hex')

/** A server that stands for a publisher. */
export async function publish(
  serve: Serve,
  file: Uint8Array = bytes,
  tls?: { key: string; cert: string },
): Promise<IndexServer & { address: string }> {
  const server = await startIndex({ files: { [fileName]: file }, format: 'json', serve, tls })
  return { ...server, address: server.url.replace('/simple', `/files/${fileName}`) }
}

/** The line of a table for a file at an address; by default with the whole hash. */
export function published(url: string, check: Omit<KnownWeights['check'], 'read'> = { sha256: hash }): KnownWeights {
  return {
    name: 'tiny-vit',
    about: 'A few letters again and again.',
    use: 'generator',
    license: 'MIT',
    licenseRead: 'test/weights/published.ts',
    origin: { kind: 'address', url, keptBy: 'torch.hub' },
    check: { ...check, read: 'test/weights/published.ts' },
  }
}
