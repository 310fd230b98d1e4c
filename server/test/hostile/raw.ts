import { connect } from 'node:net'

/** What came back on a socket until the server closed it, or until `quietMs` passed in silence. */
export interface RawAnswer {
  /** The statuses of all answers that came, in order: one request has one. */
  readonly statuses: readonly number[]
  readonly text: string
  readonly isClosed: boolean
}

const STATUS = /HTTP\/1\.1 (\d{3}) /g

/** Sends these bytes as they are on a socket of their own, and reads what comes back. */
export const sendRaw = (url: string, bytes: string | Buffer, quietMs = 5_000): Promise<RawAnswer> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    let text = ''
    const end = (isClosed: boolean) => {
      socket.destroy()
      resolve({ statuses: [...text.matchAll(STATUS)].map(([, status]) => Number(status)), text, isClosed })
    }
    socket.setEncoding('latin1').setTimeout(quietMs, () => end(false))
    socket.on('data', (part: string) => {
      text += part
    })
    socket.on('error', () => end(true))
    socket.on('close', () => end(true))
    socket.write(bytes)
  })

/** A request with these header lines exactly; the connection is asked to be closed after it. */
export const rawRequest = (
  method: string,
  path: string,
  given: { readonly headers: readonly string[]; readonly body?: string },
): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    ...(given.body === undefined ? [] : [`content-length: ${Buffer.byteLength(given.body)}`]),
    ...given.headers,
    '',
    given.body ?? '',
  ].join('\r\n')
