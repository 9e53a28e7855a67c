import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface IndexServer {
  /** Address of the simple index. */
  url: string
  /** Requests so far. */
  requests: IncomingMessage[]
  /** Addresses of the files that were asked for, with the range: `GET f.whl`, `GET f.whl bytes=5-`. */
  fileRequests(): string[]
  close(): Promise<void>
}

export interface IndexServerOptions {
  /** Name of the project of `files`; default torch. */
  project?: string
  /** Its files. */
  files: Record<string, Uint8Array>
  /** Further projects. */
  projects?: Record<string, Record<string, Uint8Array>>
  /** METADATA of wheels, by their name, that the index states and serves beside them (PEP 658). */
  metadata?: Record<string, string>
  format: 'json' | 'html'
  /** Hash stated for every file instead of the true one; empty: none is stated. */
  sha256?: string
  /** State sizes, which JSON may; default false. */
  sizes?: boolean
  /** One page with the files of all projects, and none for a project. */
  flat?: boolean
  /** Only for `name:password`. */
  login?: string
  /** What happens to a request for a file; see below. Default `ranges`. */
  serve?: Serve
  /** Key and certificate: HTTPS. */
  tls?: { key: string; cert: string }
}

/** Answers a request for a file. `count` is how many there were before. */
export type Serve = (file: Uint8Array, request: IncomingMessage, response: ServerResponse, count: number) => void

/** Gives what is asked for. */
export const ranges: Serve = (file, request, response) => answer(file, request, response, file.length)

/** As a server that knows no ranges. */
export const noRanges: Serve = (file, _request, response) => void response.end(file)

/** The first answer ends after a share of the file, with the connection. */
export function cutOff(share: number, then: Serve = ranges): Serve {
  return (file, request, response, count) => {
    if (count > 0) then(file, request, response, count)
    else answer(file, request, response, Math.floor(file.length * share))
  }
}

/** Sends up to byte `end`, then breaks the connection if that is not all. */
export function answer(file: Uint8Array, request: IncomingMessage, response: ServerResponse, end: number): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (start >= file.length) {
    response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end()
    return
  }
  const headers = { 'content-length': file.length - start, 'accept-ranges': 'bytes' }
  const range = { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` }
  response.writeHead(start === 0 ? 200 : 206, start === 0 ? headers : { ...headers, ...range })
  if (request.method === 'HEAD') response.end()
  else if (end === file.length) response.end(file.subarray(start))
  // What was written must have been taken before the connection goes: a client drops what it has not read by then.
  else response.write(file.subarray(start, end), () => destroyLater(response))
}

/** After many turns of the event loop, which the client in the same process needs, rather than after one long wait. */
function destroyLater(response: ServerResponse, turns = 40): void {
  if (turns === 0) response.destroy()
  else setTimeout(() => destroyLater(response, turns - 1), 10)
}

/** A package index, as PEP 691 or PEP 503 describe it. */
export async function startIndex(options: IndexServerOptions): Promise<IndexServer> {
  const { project = 'torch', projects = {}, metadata = {}, serve = ranges } = options
  const all = { [project]: options.files, ...projects }
  const files: Record<string, Uint8Array> = Object.assign({}, ...Object.values(all))
  const requests: IncomingMessage[] = []
  let served = 0
  const listener: RequestListener = (request, response) => {
    requests.push(request)
    const { login } = options
    if (login !== undefined && request.headers.authorization !== `Basic ${btoa(login)}`) {
      response.writeHead(401).end()
      return
    }
    const path = decodeURIComponent(request.url ?? '')
    const name = path.replace('/files/', '')
    const file = files[name]
    const [, listed] = /^\/simple\/([^/]*)\/?$/.exec(path) ?? []
    if (file !== undefined) {
      serve(file, request, response, request.method === 'HEAD' ? served : served++)
    } else if (metadata[name.replace(/\.metadata$/, '')] !== undefined && name.endsWith('.metadata')) {
      response.end(metadata[name.replace(/\.metadata$/, '')])
    } else if (options.flat && path === '/simple')
      sendPage(response, { ...options, project, metadata }, files, './files/')
    else if (!options.flat && listed !== undefined && all[listed] !== undefined) {
      sendPage(response, { ...options, project: listed, metadata }, all[listed], '../../files/')
    } else response.writeHead(404).end()
  }
  const server = options.tls ? createSecureServer(options.tls, listener) : createServer(listener)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const scheme = options.tls ? 'https' : 'http'
  return {
    url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/simple`,
    requests,
    fileRequests: () =>
      requests
        .filter(({ url }) => url?.startsWith('/files/'))
        .map(({ method, url, headers }) =>
          [method, decodeURIComponent(url!.slice('/files/'.length)), headers.range].filter(Boolean).join(' '),
        ),
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function sendPage(
  response: ServerResponse,
  { format, project, metadata, sha256, sizes }: IndexServerOptions & { metadata: Record<string, string> },
  files: Record<string, Uint8Array>,
  folder: string,
): void {
  const entries = Object.entries(files).map(([filename, bytes]) => ({
    filename,
    hash: sha256 ?? createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    // Indexes write a plus sign of a version as %2B, and addresses relative to the page.
    url: `${folder}${encodeURIComponent(filename)}`,
    beside: metadata[filename] !== undefined,
  }))
  if (format === 'json') {
    const list = entries.map(({ filename, hash, size, url, beside }) => ({
      filename,
      url,
      hashes: hash ? { sha256: hash } : {},
      ...(sizes ? { size } : {}),
      ...(beside ? { 'core-metadata': true } : {}),
    }))
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json')
    response.end(JSON.stringify({ meta: { 'api-version': '1.1' }, name: project, files: list }))
    return
  }
  const links = entries.map(
    ({ filename, hash, url, beside }) =>
      `<a href="${url}${hash ? `#sha256=${hash}` : ''}" data-requires-python="&gt;=3.10"${beside ? ' data-core-metadata="true"' : ''}>${filename}</a><br/>`,
  )
  response.setHeader('content-type', 'text/html')
  response.end(`<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`)
}
