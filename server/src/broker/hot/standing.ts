import { revocationTarget } from '@reeve/sdk'
import type { Fault } from '../../kit/fault.ts'
import { type MaybeLater, whenThere } from '../../kit/when-there.ts'
import type { Tier, TierRules } from '../../settings.ts'
import { tierRefusal } from '../domain/tier-refusal.ts'
import { fault } from '../faults.ts'
import type { Client, ClientCredential, ClientMemory } from '../memory/client-memory.ts'
import type { StopBoard } from '../memory/stop-board.ts'
import type { HotParts } from './hot-parts.ts'

/** Who acts: a client, with which of its credentials, in which running copy. */
export interface Standing {
  readonly client: Client
  readonly credential: ClientCredential
  readonly instance: string | null
  /** Whose token proved it, where another issuer's did. */
  readonly issuer?: string | undefined
}

/** The same client and credential as memory knows them now. */
export const standingOf = (
  memory: ClientMemory,
  who: Pick<Standing, 'client' | 'credential' | 'issuer'>,
  instance: string | null,
): MaybeLater<Standing | Fault> =>
  whenThere(memory.find(who.client.subject.id), (client) => {
    if (client === undefined) return fault('client_not_proven')
    const credential = client.credentials.find(({ id }) => id === who.credential.id)
    return credential === undefined ? fault('credential_stopped') : { client, credential, instance, issuer: who.issuer }
  })

/** What standing is judged by. */
export interface StandingGiven {
  readonly board: StopBoard
  readonly tiers: Readonly<Record<Tier, TierRules>>
  readonly issuer: string
  readonly nowMs: number
  /** What is judged is a token that was issued before, not somebody who proves who it is now. */
  readonly isOfToken?: true
}

/** Why this client may not act now, or undefined when it may. Reads memory only, so that it can be asked again. */
export const standingFault = (standing: Standing, given: StandingGiven): Fault | undefined => {
  const { client, credential, instance, issuer } = standing
  const { board, nowMs } = given
  const { subject, targets } = client
  // What has retired in favour of its successor proves nobody, and what it got before lives to its end.
  const isOver = credential.state !== 'active' && !(given.isOfToken === true && credential.state === 'retired')
  if (isOver || board.isStopped(credential.target, nowMs)) return fault('credential_stopped')
  if (credential.expiresAtMs <= nowMs) return fault('credential_expired')
  // The tier may have risen since the credential was added; what it refuses now it does not let in by an old door.
  if (tierRefusal(subject, credential, { rules: given.tiers[subject.tier], nowMs }) !== undefined)
    return fault('credential_tier_refused', { about: subject.tier })
  if (subject.state !== 'active') return fault('identity_stopped', { about: subject.state })
  if (subject.expiresAt.getTime() <= nowMs) return fault('identity_stopped', { about: 'expired' })
  if (board.isStopped(targets.identity, nowMs)) return fault('identity_stopped', { about: 'quarantined' })
  if (board.isStopped(targets.owner, nowMs)) return fault('identity_stopped', { about: 'its owner is quarantined' })
  if (board.isStopped(issuerTarget(given.issuer), nowMs))
    return fault('identity_stopped', { about: 'this issuer is stopped' })
  if (issuer !== undefined && board.isStopped(revocationTarget('issuer', issuer), nowMs))
    return fault('identity_stopped', { about: 'the issuer whose token proves it is quarantined' })
  if (instance !== null && board.isStopped(revocationTarget('instance', `${subject.id}/${instance}`), nowMs))
    return fault('instance_stopped')
  return undefined
}

/** Makes what says why an identity may not act by one of its credentials now, the running copy that this stands for among it. */
export const createStoppedFault =
  (parts: Pick<HotParts, 'memory' | 'board' | 'tiers' | 'issuer' | 'clock'>) =>
  async (identity: string, credential: string): Promise<Fault | undefined> => {
    const client = await parts.memory.find(identity)
    const found = client?.credentials.find(({ id }) => id === credential)
    if (client === undefined || found === undefined) return fault('client_not_proven')
    return standingFault(
      { client, credential: found, instance: credential },
      { board: parts.board, tiers: parts.tiers, issuer: parts.issuer(), nowMs: parts.clock.now().getTime() },
    )
  }

let ofIssuer: { readonly issuer: string; readonly target: string } | undefined

// One issuer in a process: it is looked up with every token.
const issuerTarget = (issuer: string): string => {
  if (ofIssuer?.issuer !== issuer) ofIssuer = { issuer, target: revocationTarget('issuer', issuer) }
  return ofIssuer.target
}
