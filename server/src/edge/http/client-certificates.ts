import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { readCertificate, type ShownCertificate } from '../../broker/index.ts'

/** Which certificate the sender of a request shows: it holds the key, as TLS or a trusted proxy found out. */
export interface ClientCertificates {
  of(request: Pick<IncomingMessage, 'socket' | 'headers'>): ShownCertificate | undefined
}

/** Where nobody can show one. */
export const NO_CERTIFICATES: ClientCertificates = { of: () => undefined }

/**
 * The certificates of connections, and those that these proxies (addresses or networks) name in `Client-Cert` (RFC 9440).
 * INVARIANT: of a proxy only the header counts, as its own certificate is not that of who is behind it; of everybody else
 * only the connection, whatever the header says.
 */
export const createClientCertificates = (proxies: readonly string[]): ClientCertificates => {
  const isProxy = proxyCheck(proxies)
  const ofSocket = new WeakMap<Socket, ShownCertificate | 'none'>()
  const ofHeader = new Map<string, ShownCertificate>()

  const fromSocket = (socket: Socket): ShownCertificate | undefined => {
    if (!(socket instanceof TLSSocket)) return undefined
    // It stays as it was at the handshake: nothing is renegotiated.
    const known = ofSocket.get(socket)
    if (known !== undefined) return known === 'none' ? undefined : known
    const certificate = socket.getPeerX509Certificate()
    const found = certificate === undefined ? undefined : readCertificate(certificate.raw)
    ofSocket.set(socket, found ?? 'none')
    return found
  }

  const fromHeader = (header: string | string[] | undefined): ShownCertificate | undefined => {
    // Of two headers Node makes one with a comma, which is no byte sequence, and no certificate.
    const text = typeof header === 'string' ? BYTES.exec(header)?.[1] : undefined
    if (text === undefined) return undefined
    const known = ofHeader.get(text)
    if (known !== undefined) return known
    const found = readCertificate(Buffer.from(text, 'base64'))
    if (found === undefined) return undefined
    if (ofHeader.size >= HEADERS_MAX) ofHeader.delete(ofHeader.keys().next().value ?? '')
    ofHeader.set(text, found)
    return found
  }

  return {
    of: ({ socket, headers }) =>
      isProxy(socket.remoteAddress ?? '') ? fromHeader(headers['client-cert']) : fromSocket(socket),
  }
}

// RFC 8941 §3.3.5, in base64; 12,000 bytes at most.
const BYTES = /^:([A-Za-z0-9+/]{4,16000}={0,2}):$/
const HEADERS_MAX = 1_000

const proxyCheck = (proxies: readonly string[]): ((address: string) => boolean) => {
  if (proxies.length === 0) return () => false
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/')
    const type = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, type)
    else list.addSubnet(address, Number(bits), type)
  }
  return (address) => {
    // A socket that speaks both versions writes IPv4 inside IPv6.
    const plain = address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
    return isIP(plain) !== 0 && list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
  }
}
