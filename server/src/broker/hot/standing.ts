import { revocationTarget } from '@reeve/sdk'
import type { Fault } from '../../kit/fault.ts'
import { fault } from '../faults.ts'
import type { Client, ClientCredential, ClientMemory } from '../memory/client-memory.ts'
import type { StopBoard } from '../memory/stop-board.ts'

/** Who acts: a client, with which of its credentials, in which running copy. */
export interface Standing {
  readonly client: Client
  readonly credential: ClientCredential
  readonly instance: string | null
}

/** The same client and credential as memory knows them now. */
export const standingOf = async (
  memory: ClientMemory,
  who: Pick<Standing, 'client' | 'credential'>,
  instance: string | null,
): Promise<Standing | Fault> => {
  const client = await memory.find(who.client.subject.id)
  if (client === undefined) return fault('client_not_proven')
  const credential = client.credentials.find(({ id }) => id === who.credential.id)
  return credential === undefined ? fault('credential_stopped') : { client, credential, instance }
}

/** Why this client may not act now, or undefined when it may. Reads memory only, so that it can be asked again. */
export const standingFault = (
  { client, credential, instance }: Standing,
  given: { readonly board: StopBoard; readonly issuer: string; readonly nowMs: number },
): Fault | undefined => {
  const { board, nowMs } = given
  const { subject, targets } = client
  if (credential.state !== 'active' || board.isStopped(credential.target, nowMs)) return fault('credential_stopped')
  if (credential.expiresAtMs <= nowMs) return fault('credential_expired')
  if (subject.state !== 'active') return fault('identity_stopped', { about: subject.state })
  if (subject.expiresAt.getTime() <= nowMs) return fault('identity_stopped', { about: 'expired' })
  if (board.isStopped(targets.identity, nowMs)) return fault('identity_stopped', { about: 'quarantined' })
  if (board.isStopped(targets.owner, nowMs)) return fault('identity_stopped', { about: 'its owner is quarantined' })
  if (board.isStopped(revocationTarget('issuer', given.issuer), nowMs))
    return fault('identity_stopped', { about: 'this issuer is stopped' })
  if (instance !== null && board.isStopped(revocationTarget('instance', `${subject.id}/${instance}`), nowMs))
    return fault('instance_stopped')
  return undefined
}
