import { connect, createServer, type Socket } from 'node:net'

/** Something between a server and PostgreSQL that passes everything on, until it is told to lose a reply. */
export interface Between {
  readonly port: number
  /**
   * Cuts the connection over which this text goes, after PostgreSQL did the COMMIT that follows it and before the reply
   * is passed on: the commit of one write, whatever else the server commits meanwhile.
   */
  loseCommitAfter(text: string): void
  /**
   * What is passed on. Of nothing, every connection is cut, and each that is tried. Into silence nothing is passed while
   * all connections stay open and new ones are taken, until it goes on where it stood, as a process does that was
   * stopped; what falls into a hole never comes out, and those who sent it are cut when all is passed again.
   */
  pass(what: Passing): void
  /** When each connection was tried, in milliseconds. */
  triedAtMs(): readonly number[]
  /** How many replies were lost. */
  lost(): number
  close(): Promise<void>
}

/** What a way between passes on. */
export type Passing = 'all' | 'nothing' | 'silence' | 'hole'

/** Stands before the database of a place, and says where a server finds it through that. */
export const standBefore = async (url: string): Promise<{ readonly between: Between; readonly through: string }> => {
  const through = new URL(url)
  const between = await standBetween({ host: through.hostname, port: Number(through.port) || 5432 })
  through.host = `127.0.0.1:${between.port}`
  return { between, through: through.href }
}

/** Stands between on a port of its own. */
const standBetween = async (target: { readonly host: string; readonly port: number }): Promise<Between> => {
  let awaited: string | undefined
  let passing: Passing = 'all'
  let held: (() => void)[] = []
  const tried: number[] = []
  let lost = 0
  const sockets = new Set<Socket>()
  /** Passes a piece on, keeps it for later, or loses it. */
  const on = (to: Socket, piece: string | Buffer): void => {
    if (passing === 'all') to.write(piece)
    else if (passing === 'silence') held.push(() => to.write(piece))
    else to.once('passing', () => to.destroy())
  }
  const server = createServer((client) => {
    tried.push(performance.now())
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
      on(database, piece)
    })
    database.on('data', (piece) => {
      // The reply says that it is done: nobody on the other side will know.
      if (isLosing && piece.includes('COMMIT')) {
        lost++
        client.destroy()
      } else on(client, piece)
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
      if (what !== 'all') return
      for (const socket of sockets) socket.emit('passing')
      const later = held
      held = []
      for (const pass of later) pass()
    },
    triedAtMs: () => tried,
    lost: () => lost,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const isCommit = (piece: string): boolean => /commit\0/i.test(piece)
