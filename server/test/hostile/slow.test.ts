import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { rounds } from '../../../test/rounds.ts'
import { crowding } from '../crash/ready-time.ts'
import { onEveryServerProcess, type ServerProcess } from '../process.ts'

// I4 of the trust bars. This test takes as long as the limit that it measures.

const CUT_MS_MAX = 10_000
// What the client itself needs to hear of a connection that was cut, on a machine that does other things as well.
const HEARD_MS_MAX = 1_500
const ANSWERED_MS_MAX = 50
// A busy machine takes up late what was opened: each connection has its ten seconds from then on.
const GIVEN_UP_MS = 3 * CUT_MS_MAX

interface Held {
  readonly socket: Socket
  openedMs: number
  cutMs: number | undefined
}

/** Ways to hold a connection without letting a request or an answer end. */
const SLOW = {
  // Half of the slow senders do not even begin.
  'slow head': {
    count: 2_000,
    first: (at: number) => (at % 2 === 0 ? '' : 'GET /livez HTTP/1.1\r\nhost: x\r\nx-'),
    drip: 'a',
  },
  'slow body': {
    count: 2_000,
    first: () => `${POST}content-length: 1000\r\n\r\n{"a":"`,
    drip: 'a',
  },
  // Many answers are asked for at once and none is read: together they are more than the buffers between us hold.
  'slow reader': { count: 500, first: () => 'GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(ANSWERS), drip: '' },
} as const

const ANSWERS = 20
// What is cut has asked no database yet.
const ON_POSTGRES = rounds({ quick: 0.1, full: 1 })
const POST = 'POST /v1/lifecycle.session.create HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'

onEveryServerProcess(
  'who sends or reads too slowly is cut within ten seconds, and everybody else is answered meanwhile',
  async ({ server, place }, t) => {
    const part = place.engine === 'postgres' ? ON_POSTGRES : 1
    const open = (names: readonly (keyof typeof SLOW)[]) =>
      Promise.all(
        names.map(async (name) => ({
          name,
          sockets: await hold(server, { ...SLOW[name], count: SLOW[name].count * part }),
        })),
      )
    // The readers come last: what they ask for keeps the processor busy, and who waits to be accepted is not held yet.
    const held = [...(await open(['slow head', 'slow body'])), ...(await open(['slow reader']))]
    t.after(() => {
      for (const { socket } of held.flatMap(({ sockets }) => sockets)) socket.destroy()
    })
    const isOver = () => held.every(({ sockets }) => sockets.every(({ cutMs }) => cutMs !== undefined))
    const times = await answerTimes(server, isOver)
    const figures = held.map(({ name, sockets }) => {
      const cut = sockets.flatMap(({ cutMs }) => (cutMs === undefined ? [] : [cutMs]))
      return { name, count: sockets.length, left: sockets.length - cut.length, lastMs: Math.max(...cut) }
    })
    t.diagnostic(
      `I4: ${figures.map(({ name, count, lastMs }) => `${count} of a ${name} cut after at most ${Math.round(lastMs)} ms`).join(', ')}; ` +
        `${times.length} others answered, p50 ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms`,
    )
    const factor = crowding()
    for (const { name, left, lastMs } of figures) {
      assert.equal(left, 0, `${left} of a ${name} are still held`)
      assert.ok(lastMs < CUT_MS_MAX + HEARD_MS_MAX * factor, `the last ${name} was cut after ${lastMs} ms`)
    }
    const p99 = percentile(times, 0.99)
    assert.ok(p99 / factor < ANSWERED_MS_MAX, `others were answered within ${p99} ms (p99)`)
  },
)

const hold = async (
  server: ServerProcess,
  { count, first, drip }: { readonly count: number; readonly first: (at: number) => string; readonly drip: string },
): Promise<Held[]> => {
  const held: Held[] = []
  const { hostname, port } = new URL(server.url)
  for (let at = 0; at < count; at++) {
    const socket = connect(Number(port), hostname)
    const each: Held = { socket, openedMs: performance.now(), cutMs: undefined }
    const cut = () => {
      each.cutMs ??= performance.now() - each.openedMs
      socket.destroy()
    }
    socket.on('error', cut).on('close', cut)
    const text = first(at)
    if (drip === '') readNothing(socket, each)
    else socket.resume()
    socket.once('connect', () => {
      each.openedMs = performance.now()
      if (text !== '') socket.write(text)
      if (drip !== '' && text !== '') {
        const dripping = setInterval(() => socket.write(drip), 1_000).unref()
        socket.once('close', () => clearInterval(dripping))
      }
    })
    held.push(each)
    // Faster, and the backlog of the listening socket decides when a connection begins.
    if (at % 20 === 19) await wait(40)
  }
  return held
}

/**
 * Takes the beginning of an answer, so that it is known since when the server holds it, and nothing after that. Who does
 * not read does not hear of the end either: it is told by writing, which the server does not read and which fails when
 * nobody is there any more. Empty lines before a request mean nothing (RFC 9112 §2.2).
 */
const readNothing = (socket: Socket, each: Held): void => {
  socket.once('data', () => {
    socket.pause()
    each.openedMs = performance.now()
    const asking = setInterval(() => socket.write('\r\n'), ASK_EVERY_MS).unref()
    socket.once('close', () => clearInterval(asking))
  })
}

const ASK_EVERY_MS = 250

/** How long ordinary requests take, one after the other, until all is `over`. */
const answerTimes = async (server: ServerProcess, isOver: () => boolean): Promise<readonly number[]> => {
  const asker = new Worker(new URL('steady-asker.ts', import.meta.url), {
    workerData: `${server.url}/.well-known/jwks.json`,
  })
  const ended = once(asker, 'message')
  const until = performance.now() + GIVEN_UP_MS
  while (!isOver() && performance.now() < until) await wait(100)
  asker.postMessage('over')
  const [times] = await ended
  return Array.from(times, Number)
}

const percentile = (times: readonly number[], part: number): number =>
  Math.round((times.toSorted((a, b) => a - b)[Math.floor(times.length * part)] ?? 0) * 10) / 10
