import { setTimeout as wait } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

// An ordinary client with a thread of its own, so that its times are the server's and not those of who attacks beside it.

const PAUSE_MS = 10
const times: number[] = []
let isOver = false
parentPort?.once('message', () => {
  isOver = true
})
while (!isOver) {
  const from = performance.now()
  const response = await fetch(String(workerData))
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`answered with ${response.status}`)
  times.push(performance.now() - from)
  await wait(PAUSE_MS)
}
parentPort?.postMessage(times)
