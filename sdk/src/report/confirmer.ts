import type { Clock } from '../clock.ts'
import type { Feed } from '../feed/feed.ts'
import { issuerPaths } from '../wire.ts'
import type { IssuerCall } from './issuer-call.ts'

/** Tells the issuer what this verifier has applied, one call at a time, always the newest; a quarantine waits for it. */
export const confirmFeed = ({ feed, call, clock }: { feed: Feed; call: IssuerCall; clock: Clock }): (() => void) => {
  let confirmed: number | undefined
  let isBusy = false
  let cancelRetry = () => {}
  let isStopped = false

  const confirm = async (): Promise<void> => {
    const { seq } = feed.view
    if (isBusy || isStopped || seq === undefined || seq === confirmed) return
    isBusy = true
    const status = await call(issuerPaths.verifierConfirm, { seq }).catch(() => 0)
    isBusy = false
    if (status >= 200 && status < 300) {
      confirmed = seq
      return confirm()
    }
    cancelRetry()
    if (!isStopped) cancelRetry = clock.after(retryMs, () => void confirm())
  }

  const stopListening = feed.onChange(() => void confirm())
  void confirm()
  return () => {
    isStopped = true
    stopListening()
    cancelRetry()
  }
}

const retryMs = 2_000
