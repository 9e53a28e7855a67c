import { SemplesError } from '../base/error.js'
import { reasonOf, request, statusOf, withoutCredentials } from './http.js'

/** A file that a package index offers. */
export interface IndexFile {
  name: string
  /** May hold credentials; `withoutCredentials` before it is shown. */
  url: string
  /** Hexadecimal; absent where the index states none. */
  sha256?: string
  /** The first digits of the sha256, where no more of it is known. */
  sha256Prefix?: string
  /** Nothing is known of its sha256, and it is taken as it comes. */
  isUnchecked?: boolean
  /** Bytes; absent where the index states none. */
  size?: number
  /** The index serves the METADATA of this wheel beside it (PEP 658). */
  hasMetadata?: boolean
  /** Withdrawn by its author (PEP 592): only for who asks for this very version. */
  yanked?: boolean
}

const accept = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1'

/**
 * Lists the files of a project on a package index that speaks the simple interface, as JSON (PEP 691) or
 * HTML (PEP 503).
 * @throws SemplesError `SEMPLES_FETCH_FAILED`
 */
export async function listIndexFiles(index: string, project: string, signal?: AbortSignal): Promise<IndexFile[]> {
  const page = projectPage(index, project)
  return (await listPage(page, index, signal)) ?? fail(`${withoutCredentials(page)} answered 404: it is not there.`)
}

/**
 * The same for a mirror, which may also be one page, or a folder that a web server lists, with the files of several
 * projects.
 * @throws SemplesError `SEMPLES_FETCH_FAILED`
 */
export async function listMirrorFiles(mirror: string, project: string, signal?: AbortSignal): Promise<IndexFile[]> {
  const page = projectPage(mirror, project)
  const isPage = /\.html?$/.test(new URL(mirror).pathname)
  const files = isPage ? undefined : await listPage(page, mirror, signal)
  const flat = files ?? (await listPage(mirror, mirror, signal))
  return flat ?? fail(`Neither ${withoutCredentials(page)} nor ${withoutCredentials(mirror)} is there.`)
}

function projectPage(index: string, project: string): string {
  if (!URL.canParse(index) || !/^https?:/.test(index)) {
    // The value may hold a password.
    fail('The address of a package index does not begin with http:// or https://, or is none at all.')
  }
  const url = new URL(index)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${project}/`
  return url.href
}

/** Undefined where the server has no such page. */
async function listPage(url: string, index: string, signal?: AbortSignal): Promise<IndexFile[] | undefined> {
  const shown = withoutCredentials(url)
  const response = await request(url, { headers: { accept }, signal, timeout: 20_000 }).catch((cause: unknown) => {
    signal?.throwIfAborted()
    if (cause instanceof SemplesError) throw cause
    return fail(`${shown} cannot be reached: ${reasonOf(cause)}.`, cause)
  })
  if (!response.ok) {
    response.cancel()
    if (response.status === 404) return undefined
    fail(`${shown} answered ${statusOf(response)}.`)
  }
  const text = await response.text().catch((cause: unknown) => {
    signal?.throwIfAborted()
    return fail(`${shown} could not be read: ${reasonOf(cause)}.`, cause)
  })
  const json = response.headers.get('content-type')?.includes('json') === true
  const files = json ? parseJsonIndex(text, response.url) : await parseHtmlIndex(text, response.url)
  if (files === undefined) fail(`${shown} did not answer with a list of files.`)
  return files.map((file) => ({ ...file, url: withCredentialsOf(index, file.url) }))
}

function fail(message: string, cause?: unknown): never {
  throw new SemplesError('SEMPLES_FETCH_FAILED', { message, cause })
}

/** A file on the host of the index is asked for as the same user. */
function withCredentialsOf(index: string, address: string): string {
  const [from, to] = [new URL(index), new URL(address)]
  if (from.origin !== to.origin || to.username !== '') return address
  to.username = from.username
  to.password = from.password
  return to.href
}

interface JsonFile {
  filename: string
  url: string
  hashes?: { sha256?: unknown }
  size?: unknown
  'core-metadata'?: unknown
  'dist-info-metadata'?: unknown
  yanked?: unknown
}

/** Reads the answer of PEP 691; undefined where it is none. */
export function parseJsonIndex(text: string, base: string): IndexFile[] | undefined {
  try {
    const { files } = JSON.parse(text) as { files: JsonFile[] }
    return files.map((file) => ({
      name: fileName(file.filename),
      url: new URL(file.url, base).href,
      sha256: sha256In(String(file.hashes?.sha256)),
      size: Number.isSafeInteger(file.size) && Number(file.size) > 0 ? Number(file.size) : undefined,
      hasMetadata: Boolean(file['core-metadata'] ?? file['dist-info-metadata']),
      // A reason, which may be empty, says yes too.
      yanked: typeof file.yanked === 'string' || file.yanked === true,
    }))
  } catch {
    return undefined
  }
}

/** Reads the page of PEP 503: one link a file, its hash in the fragment. */
export async function parseHtmlIndex(text: string, base: string): Promise<IndexFile[] | undefined> {
  const { decode } = await import('html-entities')
  const links = [...text.matchAll(/<a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>/gi)]
  if (links.length === 0 && !/<html|<!doctype/i.test(text)) return undefined
  return links.flatMap((link) => {
    const href = decode(link[1] ?? link[2] ?? '')
    if (!URL.canParse(href, base)) return []
    const url = new URL(href, base)
    const sha256 = sha256In(/^#sha256=(.*)$/i.exec(url.hash)?.[1])
    url.hash = ''
    const name = fileName(decodePath(url.pathname))
    const hasMetadata = /\sdata-(core|dist-info)-metadata\s*=\s*["']?(sha256=|true)/i.test(link[0])
    return [{ name, url: url.href, sha256, hasMetadata, yanked: /\sdata-yanked\b/i.test(link[0]) }]
  })
}

/** The last part of a path: names come from outside, and files are written under them. */
const fileName = (path: string): string => path.split(/[/\\]/).at(-1) ?? ''

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function sha256In(text = ''): string | undefined {
  return /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : undefined
}
