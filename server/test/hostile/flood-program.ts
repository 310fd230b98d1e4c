import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Flood, FloodAnswer } from './flood.ts'

// Asks on a thread of its own: whatever else the test does would be measured along with the server.

const LOOK_EVERY_MS = 2
const OPENED_AT_ONCE = 100
const END_MS_MAX = 10_000

const { port, request, aSecond, seconds, connections }: Flood = workerData
const answers: FloodAnswer[] = []

/** A connection on which one request follows the other. */
const open = async () => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  await once(socket, 'connect')
  let text = ''
  let startedMs = 0
  const end = (status: number, hasRetryAfter: boolean): void => {
    answers.push({ status, hasRetryAfter, startedMs, tookMs: performance.now() - startedMs })
    text = ''
    one.ended()
  }
  const one = {
    socket,
    ended: (): void => undefined,
    ask: () => {
      startedMs = performance.now()
      socket.write(request)
    },
  }
  socket.on('data', (piece) => {
    text += piece
    const head = text.slice(0, text.indexOf('\r\n\r\n') + 4)
    const length = /content-length: (\d+)/i.exec(head)?.[1]
    if (length === undefined || text.length < head.length + Number(length)) return
    end(Number(text.slice(9, 12)), /\r\nretry-after: \d+\r\n/i.test(head))
  })
  socket.on('error', () => undefined)
  socket.on('close', () => end(0, false))
  return one
}

type One = Awaited<ReturnType<typeof open>>

const all: One[] = []
while (all.length < connections)
  all.push(...(await Promise.all(Array.from({ length: Math.min(OPENED_AT_ONCE, connections - all.length) }, open))))
const from = performance.now()
const untilMs = from + seconds * 1_000
let running = 0
const idle = [...all]
for (const one of all)
  one.ended = () => {
    running -= 1
    // Without a rate each asks again at once.
    if (aSecond === undefined && performance.now() < untilMs) ask(one)
    else idle.push(one)
  }
const ask = (one: One): void => {
  running += 1
  one.ask()
}
for (let sent = 0; performance.now() < untilMs; await wait(LOOK_EVERY_MS)) {
  const due = aSecond === undefined ? idle.length : Math.floor(((performance.now() - from) * aSecond) / 1_000) - sent
  // What no connection is free for is not asked later: that would be another load.
  sent += aSecond === undefined ? 0 : due
  for (const one of idle.splice(0, due)) ask(one)
}
const lastMs = performance.now() + END_MS_MAX
while (running > 0 && performance.now() < lastMs) await wait(LOOK_EVERY_MS)
parentPort?.postMessage({ answers: answers.slice(), unanswered: running, startedMs: from, endedMs: performance.now() })
for (const { socket } of all) socket.removeAllListeners('close').destroy()
