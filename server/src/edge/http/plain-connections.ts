import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../../kit/clock.ts'
import { inPlace, type LeavePlace } from '../../kit/place.ts'
import { type Door, isReadable } from './door.ts'
import type { LeanResponse } from './lean-response.ts'
import { createPlainAnswerHead } from './plain-answer-head.ts'
import { createReadPlain, type PlainRequest } from './plain-head.ts'
import type { Watched } from './slow-readers.ts'

/** What the connections stand on, and how long one may be idle. */
interface Given {
  readonly door: Door
  readonly clock: Clock
  readonly idleMsMax: number
}

// A connection on which nothing came is Node's, with its limits for those who send slowly.
const FIRST_MS_MAX = 1_000
// Often: what a look finds late is added to Node's limits, and of thousands who came together few are handed over in one turn.
const SWEEP_MS = 250
// Whoever was told how long a connection stays may use it until then: the last request is on its way for a while.
const IDLE_MORE_MS = 2_000
// What comes while an answer is awaited is kept, so much of it at most; the system holds back the rest.
const KEPT_BYTES_MAX = 64 * 1024

/** A connection that asks at the door. */
interface Connection {
  /** Since when nobody asked, by this machine's time, in which the other end lives; undefined until an answer is taken as a whole. */
  idleSinceMs: number | undefined
  isNew: boolean
  handOver(): void
  end(): void
}

/**
 * Serves connections whose requests are all plain ones for the door without Node's HTTP server, whose objects for each request
 * cost as much as a decision. The first thing on a connection that is anything else goes to Node's server, with all that comes after it.
 */
export const takePlainConnections = (server: HttpServer, given: Given): void => {
  const theirs = server.listeners('connection')
  server.removeAllListeners('connection')
  const open = new Set<Connection>()
  const handOver = (socket: Socket): void => {
    for (const listener of theirs) Reflect.apply(listener, server, [socket])
  }
  server.on('connection', (socket: Socket) => {
    const ip = socket.remoteAddress
    // Of whoever is gone again nobody knows where it was.
    if (ip !== undefined && isOpen()) serve(socket, ip)
    else handOver(socket)
  })
  const isOpen = (): boolean => server.listening && !given.door.isShut()
  const soon = createTurn()
  const headOf = createPlainAnswerHead(given)
  const serve = (socket: Socket, ip: string): void => {
    const one = connectionOf(socket, ip, {
      ...{ ...given, isOpen, handOver, soon, headOf },
      ended: () => open.delete(one),
    })
    open.add(one)
  }

  const sweep = setInterval(() => {
    const nowMs = systemClock.monotonicMs()
    for (const one of open) {
      const idleMs = one.idleSinceMs === undefined ? 0 : nowMs - one.idleSinceMs
      if (one.isNew && idleMs > FIRST_MS_MAX) one.handOver()
      else if (idleMs > given.idleMsMax + IDLE_MORE_MS) one.end()
    }
  }, SWEEP_MS).unref()
  server.once('close', () => clearInterval(sweep))
  // Whoever ends the server ends what it does not know of as well.
  const { closeIdleConnections, closeAllConnections } = server
  server.closeIdleConnections = () => {
    for (const one of open) if (one.idleSinceMs !== undefined) one.end()
    closeIdleConnections.call(server)
  }
  server.closeAllConnections = () => {
    for (const one of open) one.end()
    closeAllConnections.call(server)
  }
}

/**
 * Does what came in one turn of the event loop one behind the other, before the next turn: reading sockets and deciding by turns
 * has the processor fetch the code of both for each request.
 */
const createTurn = (): ((work: () => void) => void) => {
  let came: (() => void)[] = []
  const doAll = (): void => {
    const all = came
    came = []
    for (const work of all) work()
  }
  return (work) => {
    if (came.push(work) === 1) setImmediate(doAll)
  }
}

interface Around extends Given {
  isOpen(): boolean
  /** Does this once all that came in this turn is read. */
  soon(work: () => void): void
  readonly headOf: ReturnType<typeof createPlainAnswerHead>
  handOver(socket: Socket): void
  ended(): void
}

const connectionOf = (socket: Socket, ip: string, around: Around): Connection => {
  const { door } = around
  const read = createReadPlain(door.find)
  let kept: Buffer | undefined
  // Whoever is at the other end has ended its half.
  let isLast = false
  // An answer said that the connection ends with it.
  let isOver = false

  const one: Connection = {
    idleSinceMs: systemClock.monotonicMs(),
    isNew: true,
    handOver: () => leave(),
    end: () => socket.destroy(),
  }

  const leave = (piece?: Buffer): void => {
    const whole = kept === undefined ? piece : Buffer.concat(piece === undefined ? [kept] : [piece, kept])
    kept = undefined
    around.ended()
    // Of whoever ended its half already, Node's server would not hear that, and would answer nothing.
    if (isLast) socket.destroy()
    // What comes of one that is gone is still heard here: an error that nobody hears ends the process.
    if (socket.destroyed) return
    socket.pause()
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', around.ended)
    if (whole !== undefined) socket.unshift(whole)
    around.handOver(socket)
    socket.resume()
  }

  const take = (piece: Buffer): void => {
    const request = around.isOpen() ? read(piece, ip) : undefined
    if (request === undefined || !isReadable(request.opened, request.plain.type, request.body.length)) {
      leave(piece)
      return
    }
    one.isNew = false
    one.idleSinceMs = undefined
    // What is handed over is so at once: a turn later its sender may have ended its half, and Node's server would answer nothing.
    around.soon(() => {
      if (socket.destroyed) return
      if (around.isOpen()) decide(request, piece)
      else leave(piece)
    })
  }

  const decide = ({ opened, body, plain }: PlainRequest, piece: Buffer): void => {
    const begin = (response: LeanResponse, placeLeft: LeavePlace): void => {
      const back = (isTaken: boolean): void => {
        if (isTaken) return
        placeLeft()
        leave(piece)
      }
      const asked = { ...plain, body, socket, mayWait: true }
      const taken = inPlace(placeLeft, opened.lean, asked, response)
      if (taken instanceof Promise) void taken.then(back)
      else back(taken)
    }
    const { limited } = opened
    const placeLeft = limited === undefined ? NOTHING : door.enterNow()
    if (limited === undefined || placeLeft !== undefined) {
      begin(responseOf(placeLeft), placeLeft ?? NOTHING)
      return
    }
    let answered: LeavePlace = NOTHING
    const response = responseOf(() => answered())
    door.enter({
      ...{ limited, ip, socket, response, body: () => body, drop: NOTHING },
      begin: (left) => {
        answered = left
        begin(response, left)
      },
    })
  }

  const isGone = (): boolean => socket.destroyed

  /** `answered` is called when an answer was given, or none can be any more. */
  const responseOf = (answered: LeavePlace = NOTHING): LeanResponse => {
    let isSent = false
    return {
      isGone,
      isSent: () => isSent,
      send: (answer, name) => {
        isSent = true
        // A server that ends says so, as Node's does, unless it has more to answer here.
        isOver = !around.isOpen() && kept === undefined
        const { text } = answer
        const bytes = Buffer.byteLength(text)
        const head = door.tried(() => around.headOf(answer, { name, bytes, isOver }))
        if (head === undefined) socket.destroy()
        else socket.write(head + text, bytes === text.length ? 'latin1' : 'utf8')
        // First: what came behind it on this connection is not to wait for its place.
        answered()
        if (head !== undefined) next()
      },
      destroy: () => {
        socket.destroy()
        answered()
      },
    }
  }

  /** Who does not read its answers is asked no more until it did, and cut when that takes long. */
  const next = (): void => {
    if (socket.writableLength === 0) {
      goOn()
      return
    }
    socket.pause()
    door.slowReaders.watch(awaited(socket, goOn))
  }

  const goOn = (): void => {
    one.idleSinceMs = systemClock.monotonicMs()
    const piece = isOver ? undefined : kept
    kept = undefined
    if (socket.isPaused()) socket.resume()
    if (piece !== undefined) take(piece)
    else if (isLast || isOver) socket.end()
  }

  const onError = (): void => void socket.destroy()
  const onEnd = (): void => {
    isLast = true
    if (one.idleSinceMs !== undefined) socket.end()
  }
  const onData = (piece: Buffer): void => {
    if (isOver) return
    if (one.idleSinceMs !== undefined && kept === undefined && !socket.isPaused()) {
      take(piece)
      return
    }
    kept = kept === undefined ? piece : Buffer.concat([kept, piece])
    if (kept.length > KEPT_BYTES_MAX) socket.pause()
  }
  socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', around.ended)
  return one
}

const NOTHING = (): void => undefined

/**
 * A complete answer that waits for its reader, for whoever cuts those who are slow. An empty write behind it says when all is taken;
 * `drain` would say nothing of what is shorter than the buffer.
 */
const awaited = (socket: Socket, goOn: () => void): Watched => ({
  writableEnded: true,
  socket,
  once: (_event, taken) =>
    socket.write('', (error) => {
      taken()
      if (!(error instanceof Error)) goOn()
    }),
})
