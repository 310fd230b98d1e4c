import type { Fetch } from '../bounded-fetch.ts'
import type { Clock } from '../clock.ts'
import type { Feed } from '../feed/feed.ts'
import type { Random } from '../random.ts'
import { type ConfirmedKeys, confirmFeed } from '../report/confirmer.ts'
import { createIssuerCall, type TokenGiver } from '../report/issuer-call.ts'
import { createMemoryBuffer, type ReportBuffer } from '../report/report-buffer.ts'
import { createReporter } from '../report/reporter.ts'
import type { VerifyError } from '../verify-error.ts'
import type { AuthenticToken } from './authenticate.ts'
import type { VerifiedToken } from './verified-token.ts'

/** Tells the issuer what tokens were used for, when the verifier has an identity to say it as. */
export interface UseLog {
  add(token: AuthenticToken, use: { action?: string; ip?: string | undefined }, error: VerifyError | undefined): void
  status(): UseLogStatus
  close(): Promise<void>
}

/** How reporting is doing. */
export interface UseLogStatus {
  /** Reports that wait for the issuer. */
  readonly held: number
  /** Reports that were lost for want of room. */
  readonly dropped: number
  /** Batches that the issuer would never take. */
  readonly refusedBatches: number
}

/** A use log that also confirms what was applied of the feed; one without an identity does nothing. */
export const createUseLog = ({
  as,
  buffer,
  feed,
  keys,
  ...outside
}: {
  as: TokenGiver | undefined
  buffer: ReportBuffer | undefined
  feed: Feed | undefined
  keys: ConfirmedKeys
  issuer: string
  fetch: Fetch
  clock: Clock
  random: Random
}): UseLog => {
  if (as === undefined)
    return { add: () => {}, status: () => ({ held: 0, dropped: 0, refusedBatches: 0 }), close: async () => {} }
  const { clock, random } = outside
  const call = createIssuerCall({ ...outside, as })
  const reports = buffer ?? createMemoryBuffer({ id: random.id })
  const reporter = createReporter({ buffer: reports, call, clock, random })
  // Who follows no feed has nothing to confirm.
  const stopConfirming = feed === undefined ? () => {} : confirmFeed({ feed, keys, call, clock })

  return {
    add: ({ verified, digest }, { action, ip }, error) =>
      reporter.add({
        at: new Date(clock.nowMs()).toISOString(),
        token: digest,
        ...holderOf(verified),
        issuedAt: verified.claims.iat,
        audience: String(verified.claims.aud),
        action: action ?? null,
        outcome: error === undefined ? 'allowed' : 'refused',
        code: error?.code ?? null,
        ip: ip ?? null,
      }),
    status: () => ({ held: reports.held, dropped: reports.dropped, refusedBatches: reporter.refusedBatches }),
    close: () => {
      stopConfirming()
      return reporter.close()
    },
  }
}

// What is reported is what somebody did: of a token that came by exchange, whoever presented another one for it last.
const holderOf = ({ identity, credential, instance, claims }: VerifiedToken) => {
  const link = claims.reeve.chain?.at(-1)
  const of = link === undefined ? { identity, credential, instance } : { ...link, identity: link.sub }
  return {
    identity: of.identity,
    credential: of.credential,
    ...(of.instance === undefined ? {} : { instance: of.instance }),
  }
}
