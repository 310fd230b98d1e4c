import type { Log } from '../../kit/log.ts'
import { dueStreams } from '../store-stream.ts'
import { type PushParts, pushStream } from './push-stream.ts'

/** Pushes what is due, on every replica; a lease in the row of each stream keeps two from telling the same at once. */
export interface StreamSender {
  /** Something may be due now; nobody waits for it. */
  wake(): void
  /** Pushes all that is due, and settles when that is done. */
  sendDue(): Promise<void>
  /** Looks for itself from now on, too: for what is tried again, and what a replica left behind that died. */
  start(): void
  /** Ends that, and waits for what is on its way. */
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 1_000
const AT_ONCE = 16
const DUE_MAX = 200

/** The sender of this replica. */
export const createStreamSender = (parts: PushParts & { readonly log: Log }): StreamSender => {
  const busy = new Map<string, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let isAgain = false
  let isStopped = false

  const push = (id: string): Promise<void> => {
    const pushing = pushStream(parts, id)
      // What was not kept is due again when its lease has run out.
      .catch((error) => parts.log.warn({ err: error, stream: id }, 'a stream of security events could not be pushed'))
      .finally(() => busy.delete(id))
    busy.set(id, pushing)
    return pushing
  }

  // A receiver that answers slowly holds one place, and there are more of them than it may have streams.
  const look = async (): Promise<void> => {
    const due = await dueStreams(parts.database.reader, { holder: parts.holder, now: parts.now(), limit: DUE_MAX })
    for (const id of due) {
      if (isStopped) return
      if (busy.has(id)) continue
      if (busy.size >= AT_ONCE) await Promise.race(busy.values())
      void push(id).then(() => wake())
    }
  }

  const wake = (): void => {
    if (isStopped) return
    isAgain = true
    looking ??= (async () => {
      while (isAgain && !isStopped) {
        isAgain = false
        await look()
      }
    })()
      .catch((error) => parts.log.warn({ err: error }, 'streams of security events could not be read'))
      .finally(() => {
        looking = undefined
      })
  }

  return {
    wake,
    sendDue: async () => {
      wake()
      while (looking !== undefined || busy.size > 0) {
        await looking
        await Promise.all(busy.values())
      }
    },
    start: () => {
      isStopped = false
      timer ??= setInterval(wake, LOOK_EVERY_MS).unref()
    },
    stop: async () => {
      isStopped = true
      clearInterval(timer)
      await looking
      await Promise.all(busy.values())
    },
  }
}
