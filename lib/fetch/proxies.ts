import { SemplesError } from '../base/error.js'

/**
 * The proxy that the environment names for an address: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case.
 * @throws SemplesError `SEMPLES_FETCH_FAILED` where the variable holds no address
 */
export async function proxyFor(url: URL): Promise<string | undefined> {
  const { getProxyForUrl } = await import('proxy-from-env')
  if (getProxyForUrl(url.href) === '') return undefined
  const own = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const name = [own, 'all_proxy'].flatMap((each) => [each, each.toUpperCase()]).find((each) => process.env[each])
  const value = process.env[name!]!.trim()
  // `proxy.example:3128` is usual in these variables.
  const address = /^\w+:\/\//.test(value) ? value : `http://${value}`
  if (isProxy(address)) return address
  // The value may hold a password and is not shown.
  throw new SemplesError('SEMPLES_FETCH_FAILED', {
    message: `The environment variable ${name} holds no address of an HTTP proxy.`,
    expected: 'http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special characters as %XX',
  })
}

function isProxy(address: string): boolean {
  try {
    const { protocol, username, password } = new URL(address)
    // Throws where a percent sign stands alone.
    decodeURIComponent(username + password)
    return /^https?:$/.test(protocol)
  } catch {
    return false
  }
}

/** Which proxy variable is set, for messages about connections. */
export function proxyHint(): string {
  const name = ['https_proxy', 'http_proxy', 'all_proxy']
    .flatMap((each) => [each, each.toUpperCase()])
    .find((each) => process.env[each])
  return name === undefined ? '' : ` (the environment names a proxy in ${name})`
}
