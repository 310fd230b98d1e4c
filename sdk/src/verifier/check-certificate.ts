import { base64url } from 'jose'
import type { Presented } from './bearer.ts'
import { headerOf } from './request-facts.ts'

/** How a verifier finds the certificate of a connection (RFC 8705 §3), to which tokens may be bound. */
export interface MtlsOptions {
  /**
   * Whether a proxy ends TLS at this address and names the certificate in `Client-Cert` (RFC 9440), in place of what came.
   * Without it that header counts for nothing.
   */
  readonly isTrustedProxy?: (address: string) => boolean
}

/** The certificate of whoever presents a token, by its SHA-256 in base64url. */
export type CertificateOf = (presented: Presented) => Promise<string | undefined>

/** Finds it: of a trusted proxy in its header alone, and of everybody else in the connection alone. */
export const createCertificateOf =
  ({ isTrustedProxy = () => false }: MtlsOptions = {}): CertificateOf =>
  async (presented) => {
    if (typeof presented !== 'object' || presented === null) return undefined
    const { socket, headers } = presented
    if (socket === undefined) return undefined
    const address = 'remoteAddress' in socket ? socket.remoteAddress : undefined
    if (typeof address === 'string' && isTrustedProxy(address)) return ofHeader(headerOf(headers, 'client-cert'))
    return ofSocket(socket)
  }

// RFC 8941 §3.3.5. Two headers, which Node joins with a comma, are none.
const bytesForm = /^:([A-Za-z0-9+/]{4,16000}={0,2}):$/

const ofHeader = async (header: string | undefined): Promise<string | undefined> => {
  const text = header === undefined ? undefined : bytesForm.exec(header)?.[1]
  if (text === undefined) return undefined
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

// What a server of node:https made of the handshake: `AB:CD:…`, and nothing where no certificate was shown.
const ofSocket = (socket: object): string | undefined => {
  if (!('getPeerCertificate' in socket) || typeof socket.getPeerCertificate !== 'function') return undefined
  const found: unknown = socket.getPeerCertificate()
  if (typeof found !== 'object' || found === null || !('fingerprint256' in found)) return undefined
  const { fingerprint256: print } = found
  if (typeof print !== 'string' || !printForm.test(print)) return undefined
  return base64url.encode(Uint8Array.from(print.split(':'), (byte) => Number.parseInt(byte, 16)))
}

const printForm = /^[0-9A-F]{2}(?::[0-9A-F]{2}){31}$/
