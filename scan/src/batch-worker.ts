import { parentPort } from 'node:worker_threads'
import { type Batch, type ReadSettings, readBatch } from './read-batch.ts'
import { sources } from './sources/registry.ts'

/** What a thread is asked: its settings name the sources, for a function cannot be sent. */
export interface BatchQuestion {
  readonly batch: Batch
  readonly settings: Omit<ReadSettings, 'sources'> & { readonly sources: readonly string[] }
}

parentPort?.on('message', ({ batch, settings }: BatchQuestion) => {
  const wanted = sources.filter(({ name }) => settings.sources.includes(name))
  parentPort?.postMessage(readBatch(batch, { ...settings, sources: wanted }))
})
parentPort?.postMessage('ready')
