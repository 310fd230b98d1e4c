import type { Clock } from '../clock.ts'
import type { Feed } from '../feed/feed.ts'
import { issuerPaths } from '../wire.ts'
import type { IssuerCall } from './issuer-call.ts'

/** The keys that a verifier has. */
export interface ConfirmedKeys {
  ids(): readonly string[]
  /** Tells when they are others. */
  onChange(listener: () => void): void
}

/**
 * Tells the issuer what this verifier has applied, one call at a time, always the newest: a quarantine waits for it, and a new
 * key signs once every verifier has it.
 */
export const confirmFeed = ({
  feed,
  keys,
  call,
  clock,
}: {
  feed: Feed
  keys: ConfirmedKeys
  call: IssuerCall
  clock: Clock
}): (() => void) => {
  let confirmed: string | undefined
  let isBusy = false
  let cancelRetry = () => {}
  let isStopped = false

  /** What there is to say now; of keys only to an issuer that tells of them, as others take no such word. */
  const wordOf = (): string | undefined => {
    const { seq } = feed.view
    if (seq === undefined) return undefined
    return JSON.stringify(feed.keys === undefined ? { seq } : { seq, keys: keys.ids().slice(0, keysMax) })
  }

  const confirm = async (): Promise<void> => {
    const word = wordOf()
    if (isBusy || isStopped || word === undefined || word === confirmed) return
    isBusy = true
    const status = await call(issuerPaths.verifierConfirm, JSON.parse(word)).catch(() => 0)
    isBusy = false
    if (status >= 200 && status < 300) {
      confirmed = word
      return confirm()
    }
    cancelRetry()
    if (!isStopped) cancelRetry = clock.after(retryMs, () => void confirm())
  }

  const stopListening = feed.onChange(() => void confirm())
  keys.onChange(() => void confirm())
  void confirm()
  return () => {
    isStopped = true
    stopListening()
    cancelRetry()
  }
}

const retryMs = 2_000
const keysMax = 100
