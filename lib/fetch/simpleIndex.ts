import { SemplesError } from '../base/error.js'

/** A file that a package index offers. */
export interface IndexFile {
  name: string
  url: string
  /** Hexadecimal; absent where the index states none. */
  sha256?: string
}

const accept = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1'

/**
 * Lists the files of a project on a package index that speaks the simple interface, as JSON (PEP 691) or
 * HTML (PEP 503).
 * @throws SemplesError `SEMPLES_FETCH_FAILED`
 */
export async function listIndexFiles(index: string, project: string, signal?: AbortSignal): Promise<IndexFile[]> {
  const url = `${index.replace(/\/+$/, '')}/${project}/`
  const shown = withoutCredentials(url)
  const response = await request(url, { accept, signal, timeout: 20_000 }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    throw new SemplesError('SEMPLES_FETCH_FAILED', {
      message: `${shown} cannot be reached: ${reasonOf(cause)}.`,
      cause,
    })
  })
  if (!response.ok) {
    await response.body?.cancel()
    throw new SemplesError('SEMPLES_FETCH_FAILED', {
      message: `${shown} answered ${response.status} ${response.statusText}.`,
    })
  }
  const text = await response.text()
  const json = response.headers.get('content-type')?.includes('json') === true
  const files = json ? parseJsonIndex(text, response.url) : await parseHtmlIndex(text, response.url)
  if (files === undefined) {
    throw new SemplesError('SEMPLES_FETCH_FAILED', {
      message: `${shown} did not answer with a list of files.`,
    })
  }
  return files
}

/** Reads the answer of PEP 691; undefined where it is none. */
export function parseJsonIndex(text: string, base: string): IndexFile[] | undefined {
  try {
    const { files } = JSON.parse(text) as { files: { filename: string; url: string; hashes?: { sha256?: string } }[] }
    return files.map((file) => ({
      name: file.filename,
      url: new URL(file.url, base).href,
      sha256: file.hashes?.sha256?.toLowerCase(),
    }))
  } catch {
    return undefined
  }
}

/** Reads the page of PEP 503: one link a file, its hash in the fragment. */
export async function parseHtmlIndex(text: string, base: string): Promise<IndexFile[] | undefined> {
  const { decode } = await import('html-entities')
  const links = [...text.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')/gi)]
  if (links.length === 0 && !/<html|<!doctype/i.test(text)) return undefined
  return links.flatMap((link) => {
    const href = decode(link[1] ?? link[2] ?? '')
    if (!URL.canParse(href, base)) return []
    const url = new URL(href, base)
    const sha256 = /^#sha256=([0-9a-f]{64})$/i.exec(url.hash)?.[1]?.toLowerCase()
    url.hash = ''
    const name = decodeURIComponent(url.pathname.split('/').at(-1) ?? '')
    return [{ name, url: url.href, sha256 }]
  })
}

/** GET that follows redirects and turns credentials in the address into a header, as fetch demands. */
export async function request(
  address: string,
  options: { accept?: string; signal?: AbortSignal; timeout?: number },
): Promise<Response> {
  const url = new URL(address)
  const headers: Record<string, string> = options.accept === undefined ? {} : { accept: options.accept }
  if (url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
    url.username = ''
    url.password = ''
  }
  const signals = [options.signal, options.timeout === undefined ? undefined : AbortSignal.timeout(options.timeout)]
  return fetch(url, { headers, signal: AbortSignal.any(signals.filter((signal) => signal !== undefined)) })
}

/** An address without credentials, for messages and logs. */
export function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}

/** The reason of a failed request: the message of `fetch` is only `fetch failed`, its cause has the reason. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error
  return cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause)
}
