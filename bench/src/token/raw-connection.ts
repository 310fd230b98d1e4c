import { connect, type Socket } from 'node:net'

/** The status and the body of one answer. */
export interface RawAnswer {
  readonly status: number
  readonly body: string
}

/** One keep-alive connection: bytes in, the next answer out. Anything more would be measured along with the server. */
export interface RawConnection {
  ask(request: Buffer): Promise<RawAnswer>
  close(): void
}

/** Connects to a port of this machine. */
export const openConnection = (port: number): Promise<RawConnection> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(overSocket(socket))
    })
  })

const overSocket = (socket: Socket): RawConnection => {
  let rest = ''
  let waiting: { resolve(answer: RawAnswer): void; reject(error: Error): void } | undefined
  const fail = (error: Error): void => {
    waiting?.reject(error)
    waiting = undefined
  }
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    rest += chunk
    const answer = readAnswer(rest)
    if (answer === undefined) return
    rest = ''
    waiting?.resolve(answer)
    waiting = undefined
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

const LENGTH = /\r\ncontent-length: (\d+)/i

/** The answer, once it is here whole; nothing is asked before that, so nothing follows it. */
const readAnswer = (text: string): RawAnswer | undefined => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = LENGTH.exec(text.slice(0, end))?.[1]
  if (length === undefined) throw new Error('an answer without content-length cannot be measured here')
  const body = text.slice(end + 4)
  return body.length < Number(length) ? undefined : { status: Number(text.slice(9, 12)), body }
}
