import type { Agent, IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { SemplesError } from '../base/error.js'
import { proxyFor, proxyHint } from './proxies.js'

export interface RequestOptions {
  method?: 'GET' | 'HEAD'
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Milliseconds until all of the answer must have come. */
  timeout?: number
}

/** The answer to a request; one of `body`, `text` and `cancel` must be used. */
export interface Answer {
  /** After redirects, without credentials. */
  url: string
  status: number
  ok: boolean
  headers: { get(name: string): string | null }
  /** Decoded; ends with an error where the connection ends early. */
  body: AsyncIterable<Buffer>
  text(): Promise<string>
  cancel(): void
}

const MAX_REDIRECTS = 10

/**
 * A request that follows redirects, from https only to https, and goes through the proxy of the environment. Credentials in the address become a
 * header, which other hosts do not get.
 *
 * By Node's own modules: undici, which stands behind `fetch`, ends the process on some connections that the server closes
 * (nodejs/undici#5360, mended only for Node 22 and newer).
 * @throws SemplesError `SEMPLES_FETCH_FAILED` where a proxy variable holds no address; errors of the connection
 */
export async function request(address: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = 'GET', timeout } = options
  const signals = [options.signal, timeout === undefined ? undefined : AbortSignal.timeout(timeout)]
  const signal = AbortSignal.any(signals.filter((each) => each !== undefined))
  let url = new URL(address)
  let authorization = credentialsOf(url)
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    // Otherwise sizes and ranges might be those of a compressed form.
    const headers = { 'user-agent': 'semples', 'accept-encoding': 'identity', ...options.headers, ...authorization }
    const message = await send(url, method, headers, signal)
    const { location } = message.headers
    if (location === undefined || ![301, 302, 303, 307, 308].includes(message.statusCode!))
      return answerOf(message, url)
    message.destroy()
    const next = new URL(location, url)
    if (!/^https?:$/.test(next.protocol)) throw new Error(`the server redirects to ${next.protocol}`)
    if (url.protocol === 'https:' && next.protocol === 'http:')
      throw new Error(`the server redirects from https to http (${next.host}), where anyone could alter what is sent`)
    authorization = { ...(next.origin === url.origin ? authorization : {}), ...credentialsOf(next) }
    url = next
  }
  throw new Error('the server redirects without end')
}

/** Takes the credentials out of an address. */
function credentialsOf(url: URL): { authorization?: string } {
  if (url.username === '') return {}
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

async function send(
  url: URL,
  method: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isSecure = url.protocol === 'https:'
  const [{ request: begin }, agent] = await Promise.all([
    isSecure ? import('node:https') : import('node:http'),
    agentFor(url, isSecure),
  ])
  // Behind a proxy Node would compare the certificate of an IP address with "localhost".
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const identity = isSecure
    ? { checkServerIdentity: (_: string, cert: PeerCertificate) => checkServerIdentity(host, cert) }
    : {}
  return new Promise((answered, failed) => {
    begin(url, { method, headers, agent, signal, ...identity })
      .on('response', answered)
      .on('error', failed)
      .end()
  })
}

/** Loaded where there is a proxy only. */
async function agentFor(url: URL, isSecure: boolean): Promise<Agent | undefined> {
  const proxy = await proxyFor(url)
  if (proxy === undefined) return undefined
  if (isSecure) return new (await import('https-proxy-agent')).HttpsProxyAgent(proxy)
  return new (await import('http-proxy-agent')).HttpProxyAgent(proxy)
}

function answerOf(message: IncomingMessage, url: URL): Answer {
  const status = message.statusCode!
  const body = decoded(message)
  return {
    url: url.href,
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => message.headers[name]?.toString() ?? null },
    body,
    text: async () => {
      const chunks: Buffer[] = []
      for await (const chunk of body) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    },
    cancel: () => void message.destroy(),
  }
}

const decoders = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress }

/** Some servers compress although they were asked not to. */
function decoded(message: IncomingMessage): AsyncIterable<Buffer> {
  const decoder = decoders[message.headers['content-encoding'] as keyof typeof decoders]?.()
  // Errors reach whoever reads the last stream.
  return decoder === undefined ? message : pipeline(message, decoder, () => {})
}

/** An address without credentials, for messages and logs. */
export function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address.replace(/\/\/[^/]*@/, '//')
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}

/** `404`, and for the refusal of a proxy which variable names it. */
export function statusOf({ status }: Answer): string {
  return status === 407 ? `407 Proxy Authentication Required${proxyHint()}` : String(status)
}

/** The reason of a failed request as a clause, with what to look at. */
export function reasonOf(error: unknown): string {
  let cause = error
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause
  if (cause instanceof SemplesError) return cause.message
  const code = String((Object(cause) as { code?: unknown }).code)
  // Where a host has several addresses, the error of all has no message.
  const reason = cause instanceof Error ? inPlainWords(cause.message || code) : String(cause)
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    return `${reason} (where a proxy or mirror has a certificate of its own authority, name its file in NODE_EXTRA_CA_CERTS)`
  }
  return `${reason}${proxyHint()}`
}

/** For what Node says. */
function inPlainWords(message: string): string {
  return /^(aborted|socket hang up)$/.test(message) ? 'the connection was closed' : message.replace(/\.$/, '')
}
