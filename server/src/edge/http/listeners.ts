import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Whoever ends the first listener ends the second as well; the first has ended when both have. */
export const endTogether = (first: Server, second: Server): void => {
  const { close, closeIdleConnections, closeAllConnections } = first
  first.close = (done) => {
    const ended = new Promise<void>((resolve) => second.close(() => resolve()))
    return close.call(first, (error) => void ended.then(() => done?.(error)))
  }
  first.closeIdleConnections = () => {
    second.closeIdleConnections()
    closeIdleConnections.call(first)
  }
  first.closeAllConnections = () => {
    second.closeAllConnections()
    closeAllConnections.call(first)
  }
}

/** Listens there; gives the port, which is one that is free for port 0. */
export const listenAt = (
  server: Server,
  { host, port, backlog }: { readonly host: string; readonly port: number; readonly backlog: number },
): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog }, () => {
      server.off('error', reject)
      resolve(portOf(server.address()))
    })
  })

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === 'object' && address !== null ? address.port : 0

/** The URL of another port of the host of this one. */
export const atPort = (url: string, port: number): string => {
  const other = new URL('/', url)
  other.protocol = 'https:'
  other.port = String(port)
  return other.origin
}
