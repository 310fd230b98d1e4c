import type { Threads } from '../src/threads.ts'

/** Threads that count how many batches they took: a thread takes its time to start, and until then takes none. */
export const countingThreads = (threads: Threads): { readonly threads: Threads; handedOver(): number } => {
  let count = 0
  const read: Threads['read'] = (batch, settings) => {
    const answer = threads.read(batch, settings)
    if (answer) count += 1
    return answer
  }
  return { threads: { ...threads, read }, handedOver: () => count }
}
