import { connect, createServer, type Socket } from 'node:net'

/** Something between a server and PostgreSQL that passes everything on, until it is told to lose a reply. */
export interface Between {
  readonly port: number
  /**
   * Cuts the connection over which this text goes, after PostgreSQL did the COMMIT that follows it and before the reply
   * is passed on: the commit of one write, whatever else the server commits meanwhile.
   */
  loseCommitAfter(text: string): void
  /** Whether anything is passed on; where nothing is, every connection is cut, and each that is tried. */
  pass(what: 'all' | 'nothing'): void
  /** How many replies were lost. */
  lost(): number
  close(): Promise<void>
}

/** Stands between on a port of its own. */
export const standBetween = async (target: { readonly host: string; readonly port: number }): Promise<Between> => {
  let awaited: string | undefined
  let passing: 'all' | 'nothing' = 'all'
  let lost = 0
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    if (passing === 'nothing') return client.destroy()
    const database = connect(target.port, target.host)
    let isOfWrite = false
    let isLosing = false
    for (const socket of [client, database]) {
      sockets.add(socket.setNoDelay())
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        database.destroy()
      })
    }
    client.on('data', (piece) => {
      const text = String(piece)
      if (awaited !== undefined && text.includes(awaited)) {
        awaited = undefined
        isOfWrite = true
      }
      if (isOfWrite && isCommit(text)) isLosing = true
      database.write(piece)
    })
    database.on('data', (piece) => {
      // The reply says that it is done: nobody on the other side will know.
      if (isLosing && piece.includes('COMMIT')) {
        lost++
        client.destroy()
      } else client.write(piece)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    loseCommitAfter: (text) => {
      awaited = text
    },
    pass: (what) => {
      passing = what
      if (what === 'nothing') for (const socket of sockets) socket.destroy()
    },
    lost: () => lost,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const isCommit = (piece: string): boolean => /commit\0/i.test(piece)
