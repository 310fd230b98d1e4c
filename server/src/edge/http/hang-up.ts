import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Ends connections on which came what is no request, or not in time. */
export interface HangUp {
  /** This request is answered, perhaps before all of it is here. */
  answered(request: IncomingMessage): void
  hangUp(error: Error, socket: Duplex): void
}

/**
 * RFC 9112 §9.2: answers are told apart by their order alone. INVARIANT: a request that was answered before its body was whole
 * gets no second answer when that body then fails; a proxy could give it to the next one who asks on this connection.
 */
export const createHangUp = (): HangUp => {
  const early = new WeakMap<Duplex, IncomingMessage>()
  return {
    answered: (request) => {
      if (!request.complete) early.set(request.socket, request)
    },
    hangUp: (error, socket) => {
      if (socket.destroyed) return
      const isAnswered = early.get(socket)?.complete === false
      if (!isAnswered && socket.writable) socket.write(refusalOf('code' in error ? String(error.code) : ''))
      socket.destroy(error)
    },
  }
}

const STATUS_BY_CODE: Readonly<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

const refusalOf = (code: string): string => {
  const status = STATUS_BY_CODE[code] ?? 400
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`
}
