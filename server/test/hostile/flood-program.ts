import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Flood, Flooded } from './flood.ts'

// Asks on a thread of its own: whatever else the test does would be measured along with the server.

const LOOK_EVERY_MS = 10
const OPENED_AT_ONCE = 100
// Sooner than the thread may have to wait for a core, or all would have asked for the last time.
const END_SOON_MS = 1_000
const END_MS_MAX = 10_000
const TIMES_MAX = 12

const {
  port,
  request,
  seconds,
  connections,
  skippedSeconds = 0,
  isPatient = false,
  isUntilSentAway = false,
}: Flood = workerData
const servedMs: number[] = []
const wrong: number[] = []
const served = new Set<object>()
let servedAll = 0
let sentAway = 0
let inTime = 0
let running = 0
let fromMs = 0
let untilMs = 0

/** A connection on which one request follows the other. */
const open = async () => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  await once(socket, 'connect')
  let text = ''
  let startedMs = 0
  const ask = (): void => {
    running += 1
    startedMs = performance.now()
    socket.write(request)
  }
  const count = (status: number, isToldWhen: boolean, nowMs: number): void => {
    if (status !== 200) {
      if (isToldWhen && (status === 429 || status === 503)) sentAway += 1
      else wrong.push(status)
      return
    }
    served.add(socket)
    servedAll += 1
    if (startedMs - fromMs < skippedSeconds * 1_000) return
    servedMs.push(nowMs - startedMs)
    if (nowMs < untilMs) inTime += 1
  }
  const answered = (status: number, retryAfter: string | undefined): void => {
    running -= 1
    const nowMs = performance.now()
    count(status, retryAfter !== undefined, nowMs)
    if (status === 0 || nowMs >= untilMs || (isPatient && status === 200)) return
    if (isPatient) setTimeout(ask, Number(retryAfter) * 1_000)
    else ask()
  }
  socket.on('data', (piece) => {
    text += piece
    const end = text.indexOf('\r\n\r\n') + 4
    const head = text.slice(0, end)
    const length = /content-length: (\d+)/i.exec(head)?.[1]
    if (end < 4 || length === undefined || text.length < end + Number(length)) return
    text = ''
    answered(Number(head.slice(9, 12)), /\r\nretry-after: (\d+)\r\n/i.exec(head)?.[1])
  })
  socket.on('error', () => undefined)
  socket.on('close', () => answered(0, undefined))
  return { socket, ask }
}

const all: Awaited<ReturnType<typeof open>>[] = []
while (all.length < connections)
  all.push(...(await Promise.all(Array.from({ length: Math.min(OPENED_AT_ONCE, connections - all.length) }, open))))
fromMs = performance.now()
untilMs = fromMs + seconds * 1_000
for (const { ask } of all) ask()
parentPort?.once('message', () => {
  untilMs = performance.now()
})
const isDone = (): boolean => (isPatient ? served.size === connections : performance.now() >= untilMs && running === 0)
while (!isDone() && performance.now() < untilMs + END_MS_MAX) {
  await wait(LOOK_EVERY_MS)
  const leftMs = untilMs - performance.now()
  const isTooEarly = isUntilSentAway && sentAway === 0 && untilMs - fromMs < TIMES_MAX * seconds * 1_000
  if (isTooEarly && leftMs < END_SOON_MS) untilMs += seconds * 1_000
}
for (const { socket } of all) socket.removeAllListeners('close').destroy()
const flooded: Flooded = {
  servedMs: Float64Array.from(servedMs),
  servedASecond: inTime / ((untilMs - fromMs) / 1_000 - skippedSeconds),
  ...{ servedAll, sentAway, wrong, servedConnections: served.size, unanswered: running },
}
parentPort?.postMessage(flooded)
