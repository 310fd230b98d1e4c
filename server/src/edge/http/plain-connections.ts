import { type Server as HttpServer, STATUS_CODES, validateHeaderValue } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../../kit/clock.ts'
import type { Door } from './door.ts'
import type { LeanResponse } from './lean-response.ts'
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
const SWEEP_MS = 1_000
// Whoever was told how long a connection stays may use it until then: the last request is on its way for a while.
const IDLE_MORE_MS = 2_000
// What comes while an answer is awaited is kept, so much of it at most; the system holds back the rest.
const KEPT_BYTES_MAX = 64 * 1024

/** A connection that asks at the door. */
interface Connection {
  /** Since when nobody asked, by this machine's time, in which the other end lives; undefined while an answer is awaited. */
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
    if (isOpen()) serve(socket)
    else handOver(socket)
  })
  const isOpen = (): boolean => server.listening && !given.door.isShut()
  const serve = (socket: Socket): void => {
    const one = connectionOf(socket, {
      ...{ ...given, isOpen, handOver },
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

interface Around extends Given {
  isOpen(): boolean
  handOver(socket: Socket): void
  ended(): void
}

const connectionOf = (socket: Socket, around: Around): Connection => {
  const { door } = around
  const read = createReadPlain(door.find)
  const ip = socket.remoteAddress ?? ''
  let kept: Buffer | undefined
  let isLast = false

  const one: Connection = {
    idleSinceMs: systemClock.monotonicMs(),
    isNew: true,
    handOver: () => leave(),
    end: () => socket.destroy(),
  }

  const leave = (piece?: Buffer): void => {
    const whole = kept === undefined ? piece : Buffer.concat(piece === undefined ? [kept] : [piece, kept])
    kept = undefined
    socket.pause()
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', around.ended).off('drain', onDrain)
    around.ended()
    // Of whoever ended its half already, Node's server would not hear that, and would answer nothing.
    if (isLast) socket.destroy()
    if (socket.destroyed) return
    if (whole !== undefined) socket.unshift(whole)
    around.handOver(socket)
    socket.resume()
  }

  const take = (piece: Buffer): void => {
    const request = around.isOpen() ? read(piece, ip) : undefined
    if (request === undefined || !isReadable(request)) {
      leave(piece)
      return
    }
    one.isNew = false
    one.idleSinceMs = undefined
    const back = (isTaken: boolean): void => {
      if (!isTaken) leave(piece)
    }
    const asked = { ...request.plain, body: request.body, socket, mayWait: true }
    const taken = request.opened.lean(asked, responseOf())
    if (taken instanceof Promise) taken.then(back, () => back(false))
    else back(taken)
  }

  const responseOf = (): LeanResponse => {
    let isSent = false
    return {
      get destroyed() {
        return socket.destroyed
      },
      get headersSent() {
        return isSent
      },
      send: (status, headers, text) => {
        isSent = true
        socket.write(
          headOf(status, headers, around) + text,
          Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8',
        )
        next()
      },
      destroy: () => socket.destroy(),
    }
  }

  const next = (): void => {
    one.idleSinceMs = systemClock.monotonicMs()
    if (isLast) {
      socket.end()
      return
    }
    // Who does not read its answers is asked no more until it did, and cut when that takes long.
    if (socket.writableLength > 0) {
      socket.pause()
      socket.once('drain', onDrain)
      door.slowReaders.watch(awaited(socket))
      return
    }
    goOn()
  }

  const goOn = (): void => {
    const piece = kept
    kept = undefined
    if (socket.isPaused()) socket.resume()
    if (piece !== undefined) take(piece)
  }

  const onDrain = (): void => goOn()
  const onError = (): void => void socket.destroy()
  const onEnd = (): void => {
    isLast = true
    if (one.idleSinceMs !== undefined) socket.end()
  }
  const onData = (piece: Buffer): void => {
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

const isReadable = ({ opened: { readable }, plain }: PlainRequest): boolean =>
  readable.types.includes(plain.type) && plain.bytes <= readable.bodyBytesMax

const headOf = (status: number, headers: readonly string[], { clock, idleMsMax }: Given): string => {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value = ''] = [headers[at], headers[at + 1]]
    // INVARIANT: no value ends its line early; ours are known, others are looked at as Node does.
    if (!PLAIN_VALUE.test(value)) validateHeaderValue(name, value)
    head += `${name}: ${value}\r\n`
  }
  return `${head}date: ${dateOf(clock.now())}\r\nconnection: keep-alive\r\nkeep-alive: timeout=${idleMsMax / 1000}\r\n\r\n`
}

const PLAIN_VALUE = /^[\x20-\x7e]*$/

let lastDate = { second: Number.NaN, text: '' }

const dateOf = (now: Date): string => {
  const second = Math.floor(now.getTime() / 1000)
  if (second !== lastDate.second) lastDate = { second, text: now.toUTCString() }
  return lastDate.text
}

/** A complete answer that waits for its reader, for whoever cuts those who are slow. */
const awaited = (socket: Socket): Watched => ({
  writableEnded: true,
  socket,
  once: (_event, taken) => socket.once('drain', taken).once('close', taken),
})
