import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface IndexServer {
  /** Address of the simple index. */
  url: string
  /** Requests so far. */
  requests: IncomingMessage[]
  close(): Promise<void>
}

export interface IndexServerOptions {
  /** Name of the project; default torch. */
  project?: string
  /** Its files. */
  files: Record<string, Uint8Array>
  format: 'json' | 'html'
  /** Hash stated for every file instead of the true one; empty: none is stated. */
  sha256?: string
}

/** A package index for one project, as PEP 691 or PEP 503 describe it. */
export async function startIndex({
  project = 'torch',
  files,
  format,
  sha256,
}: IndexServerOptions): Promise<IndexServer> {
  const requests: IncomingMessage[] = []
  const entries = Object.entries(files).map(([filename, bytes]) => ({
    filename,
    sha256: sha256 ?? createHash('sha256').update(bytes).digest('hex'),
    // Indexes write a plus sign of a version as %2B, and addresses relative to the page.
    url: `../../files/${encodeURIComponent(filename)}`,
  }))
  const server = createServer((request, response) => {
    requests.push(request)
    const file = files[decodeURIComponent((request.url ?? '').replace('/files/', ''))]
    if (file !== undefined) response.end(file)
    else if (request.url !== `/simple/${project}/`) response.writeHead(404).end()
    else if (format === 'json') {
      const list = entries.map((each) => ({ ...each, hashes: each.sha256 ? { sha256: each.sha256 } : {} }))
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json')
      response.end(JSON.stringify({ meta: { 'api-version': '1.0' }, name: project, files: list }))
    } else {
      const links = entries.map(
        ({ filename, url, sha256: hash }) =>
          `<a href="${url}${hash ? `#sha256=${hash}` : ''}" data-requires-python="&gt;=3.10">${filename}</a><br/>`,
      )
      response.setHeader('content-type', 'text/html')
      response.end(`<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`)
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`,
    requests,
    close: () => new Promise((closed) => server.close(() => closed()).closeAllConnections()),
  }
}
