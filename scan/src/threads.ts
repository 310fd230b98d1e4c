import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { BatchQuestion } from './batch-worker.ts'
import type { Batch, ReadSettings, Shown } from './read-batch.ts'
import { sources } from './sources/registry.ts'

/** Further threads that read batches beside the caller's own. */
export interface Threads {
  /** Hands a batch over; `undefined` when every thread has enough to do, or has not started yet. */
  read(batch: Batch, settings: ReadSettings): Promise<Shown> | undefined
  close(): Promise<void>
}

/** Starts as many threads as there are processors beside the caller's own, `threadsMax` with it. */
export const startThreads = (threadsMax = availableParallelism()): Threads => {
  const all = Array.from({ length: Math.min(threadsMax, THREADS_MAX) - 1 }, startThread)
  return {
    read: (batch, settings) => {
      // What was not listed in the registry is not there to be found by name.
      if (!settings.sources.every((source) => sources.includes(source))) return undefined
      const free = all.filter(({ hasRoom }) => hasRoom()).sort((a, b) => a.load() - b.load())[0]
      return free?.read({ batch, settings: { ...settings, sources: settings.sources.map(({ name }) => name) } })
    },
    close: async () => {
      await Promise.all(all.map(({ close }) => close()))
    },
  }
}

// More would wait for one disk, and each has a heap of its own.
const THREADS_MAX = 8
// One that it reads and one that waits, so that it does not stand still while the caller is busy itself.
const BATCHES_MAX = 2
const HEAP_MB_MAX = 512

const startThread = () => {
  // The same ending as this file's: `.ts` where Node strips types, `.js` where it is installed.
  const worker = new Worker(new URL(`./batch-worker${extname(import.meta.url)}`, import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX, maxYoungGenerationSizeMb: 32 },
    env: {},
  })
  worker.unref()
  let isReady = false
  let failure: Error | undefined
  const waiting: { resolve: (shown: Shown) => void; reject: (error: Error) => void }[] = []
  const fail = (error: Error): void => {
    failure = error
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  // They are answered in the order in which they were asked.
  worker.on('message', (message: Shown | 'ready') => {
    if (message === 'ready') isReady = true
    else waiting.shift()?.resolve(message)
    if (waiting.length === 0) worker.unref()
  })
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('a thread of the scan ended before its work was done')))
  return {
    hasRoom: () => isReady && failure === undefined && waiting.length < BATCHES_MAX,
    load: () => waiting.length,
    read: (question: BatchQuestion): Promise<Shown> =>
      new Promise((resolve, reject) => {
        worker.ref()
        waiting.push({ resolve, reject })
        worker.postMessage(question)
      }),
    close: () => worker.terminate(),
  }
}
