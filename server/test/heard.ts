import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A connection, and what was heard on it so far. */
export interface Heard {
  readonly socket: Socket
  /** Waits for this; gives all that came. */
  seen(what: RegExp): Promise<string>
  /** Waits for the end of the connection; gives all that came. */
  whole(): Promise<string>
}

/** Opens one to this port here. */
export const hear = async (port: number): Promise<Heard> => {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('latin1')
  let text = ''
  socket.on('data', (piece) => {
    text += piece
  })
  await once(socket, 'connect')
  return {
    socket,
    seen: async (what) => {
      while (!what.test(text)) await once(socket, 'data')
      return text
    },
    whole: async () => {
      if (!socket.closed) await once(socket, 'close')
      return text
    },
  }
}
