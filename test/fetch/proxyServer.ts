import { createServer, request as forward, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface ProxyServer {
  /** Address with name and password. */
  url: string
  /** What it was asked for: `GET http://host/path`, `CONNECT host:443`. */
  requests: string[]
  close(): Promise<void>
}

/** A proxy that forwards http and tunnels the rest, for who knows the password. */
export async function startProxy(login = 'name:pass word'): Promise<ProxyServer> {
  const requests: string[] = []
  const sockets = new Set<Socket | Duplex>()
  const isWelcome = (request: IncomingMessage) => {
    requests.push(`${request.method} ${request.url}`)
    return request.headers['proxy-authorization'] === `Basic ${btoa(login)}`
  }
  const server = createServer((request, response) => {
    if (!isWelcome(request)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end()
      return
    }
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = forward(request.url!, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      // What came before the connection broke is still passed on.
      answer.on('error', () => response.socket?.end()).pipe(response)
    })
    onward.on('error', () => response.destroy()).end()
  })
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    if (!isWelcome(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n')
      return
    }
    const [host, port] = request.url!.split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    for (const end of [onward, socket]) {
      sockets.add(end)
      end.on('error', () => [onward, socket].map((each) => each.destroy()))
    }
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const [name, password] = login.split(':').map(encodeURIComponent)
  return {
    url: `http://${name}:${password}@127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
        for (const socket of sockets) socket.destroy()
      }),
  }
}
