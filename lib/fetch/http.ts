import type { EnvHttpProxyAgent, Response } from 'undici'
import { SemplesError } from '../base/error.js'

export type { Response }

export interface RequestOptions {
  method?: 'GET' | 'HEAD'
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Milliseconds until the answer must have come. */
  timeout?: number
}

/**
 * A request that follows redirects and goes through the proxy of the environment. Credentials in the address become a
 * header, as fetch demands.
 * @throws SemplesError `SEMPLES_FETCH_FAILED` where a proxy variable holds no address; what fetch throws
 */
export async function request(address: string, options: RequestOptions = {}): Promise<Response> {
  const { method = 'GET', signal, timeout } = options
  const url = new URL(address)
  const headers: Record<string, string> = { ...options.headers }
  if (url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`
    url.username = ''
    url.password = ''
  }
  const signals = [signal, timeout === undefined ? undefined : AbortSignal.timeout(timeout)]
  // Loaded here, so that commands that fetch nothing do not wait for it.
  const { fetch } = await import('undici')
  return fetch(url, {
    method,
    headers,
    signal: AbortSignal.any(signals.filter((each) => each !== undefined)),
    dispatcher: await proxyAgent(),
  })
}

const agents = new Map<string, EnvHttpProxyAgent>()

/** The agent for the proxies that the environment names now; it reads NO_PROXY by itself at each request. */
async function proxyAgent(): Promise<EnvHttpProxyAgent> {
  const httpProxy = proxyAddress('http_proxy', 'HTTP_PROXY')
  const httpsProxy = proxyAddress('https_proxy', 'HTTPS_PROXY')
  const key = `${httpProxy} ${httpsProxy}`
  let agent = agents.get(key)
  if (agent === undefined) {
    const { EnvHttpProxyAgent: Agent } = await import('undici')
    // Not every proxy lets a plain http request tunnel.
    agent = new Agent({ httpProxy, httpsProxy, proxyTunnel: false })
    agents.set(key, agent)
  }
  return agent
}

/** `proxy.example:3128` without a scheme is usual in these variables. The value may hold a password and is never shown. */
function proxyAddress(...names: string[]): string {
  const name = names.find((each) => process.env[each])
  const value = name === undefined ? '' : process.env[name]!.trim()
  if (value === '') return ''
  const address = /^\w+:\/\//.test(value) ? value : `http://${value}`
  if (isProxy(address)) return address
  throw new SemplesError('SEMPLES_FETCH_FAILED', {
    message: `The environment variable ${name} holds no address of a proxy.`,
    expected: 'http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special characters as %XX',
  })
}

function isProxy(address: string): boolean {
  try {
    const { protocol, username, password } = new URL(address)
    // Throws where a percent sign stands alone.
    decodeURIComponent(username + password)
    return /^(https?|socks5?):$/.test(protocol)
  } catch {
    return false
  }
}

/** The names of the proxy variables that are set, for messages. */
function proxyVariables(): string[] {
  return ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].filter((name) => process.env[name])
}

/** An address without credentials, for messages and logs. */
export function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address.replace(/\/\/[^/]*@/, '//')
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href
}

/**
 * The reason of a failed request as a clause, with what to look at: the message of `fetch` is only `fetch failed`, the
 * last of its causes has the reason.
 */
export function reasonOf(error: unknown): string {
  let cause = error
  while (cause instanceof Error && cause.cause !== undefined) cause = cause.cause
  const { code } = Object(cause) as { code?: unknown }
  const reason = cause instanceof Error ? inPlainWords(cause.message || String(code)) : String(cause)
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(String(code))) {
    return `${reason} (where a proxy or mirror has a certificate of its own authority, name its file in NODE_EXTRA_CA_CERTS)`
  }
  const [proxy] = proxyVariables()
  return proxy === undefined ? reason : `${reason} (the environment names a proxy in ${proxy})`
}

/** For what undici says. */
function inPlainWords(message: string): string {
  const status = /^Proxy response \((\d+)\)/.exec(message)?.[1]
  if (status !== undefined) return `the proxy answered ${status}`
  return message === 'other side closed' ? 'the server closed the connection' : message.replace(/\.$/, '')
}
