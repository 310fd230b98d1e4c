import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Caller, Ran } from '../../kit/operation.ts'
import { type CredentialVerb, nextState } from '../domain/credential-state.ts'
import { endRotationOfRevoked } from '../end-rotation.ts'
import { fault } from '../faults.ts'
import { pauseStreamsSetBy } from '../pause-streams.ts'
import type { BrokerPorts } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { moveCredential as moveStored } from '../store-credential.ts'
import { rotationsOf } from '../store-rotation.ts'
import { liftStop, type Placed, placeStop } from '../store-stop.ts'
import { UnconfirmedList, unconfirmedBy } from '../unconfirmed.ts'
import { CredentialId, CredentialView, ReasonText, viewCredential } from './credential-view.ts'
import { needCredential } from './need-credential.ts'
import { needReleasable } from './need-releasable.ts'

/** What the verbs take. */
export const MoveInput = z.strictObject({ credential: CredentialId, reason: ReasonText })

/** What the verbs answer. */
export const MoveOutput = z.object({
  credential: CredentialView,
  /** The number in the revocation feed from which on verifiers know. */
  seq: z.number().int().nullable(),
  unconfirmed: UnconfirmedList,
})

/** Does one of the verbs: the credential's own state, what verifiers are told, and what replicas hold in memory. */
export const moveCredential = async (
  verb: CredentialVerb,
  given: {
    readonly tx: Transaction<BrokerTables>
    readonly input: z.infer<typeof MoveInput>
    readonly caller: Caller
    readonly now: Date
    readonly ports: BrokerPorts
    newId(prefix: string): string
  },
): Promise<Ran<z.infer<typeof MoveOutput>>> => {
  const { tx, input, caller, now, ports } = given
  const by = caller.actor.id
  const { reason } = input
  const before = await needCredential(tx, input.credential)
  const state = nextState(before.state, verb)
  if (state === undefined) throw fault('credential_wrong_state', { about: `it is ${before.state}` })
  if (verb === 'release') await needReleasable(tx, ports, { scope: 'credential', id: before.id }, caller)
  if (!(await moveStored(tx, before.id, before.state, { state, by, reason, now })))
    throw fault('credential_wrong_state')
  const ended = verb === 'revoke' ? await endRotationOfRevoked(tx, before.id, { by, now }) : undefined
  const stop = { id: given.newId('stp'), scope: 'credential', subject: before.id, reason, by, now } as const
  const placed: Placed | undefined =
    verb === 'release'
      ? await liftStop(tx, 'credential', before.id, now)
      : await placeStop(tx, { ...stop, verb, until: verb === 'revoke' ? endOfTokens(ports, now) : null })
  const paused = verb === 'release' ? [] : await pauseStreamsSetBy(tx, ports, { credential: before.id }, given)
  const after = await needCredential(tx, before.id)
  return {
    output: {
      credential: viewCredential(after, now, await rotationsOf(tx, [after.id])),
      seq: placed?.seq ?? null,
      unconfirmed:
        placed === undefined ? [] : await unconfirmedBy(tx, ports, { seq: placed.seq, identity: before.identity, now }),
    },
    change: [
      { field: `credential ${before.id}`, before: before.state, after: state },
      { field: 'reason', before: before.stateReason, after: reason },
      ...(ended === undefined ? [] : [{ field: `rotation ${ended.id}`, before: 'overlap', after: 'ended' }]),
    ],
    signals: [
      { topic: 'credential', key: before.id },
      { topic: 'identity', key: before.identity },
      ...(placed?.signals ?? []),
      ...paused,
    ],
  }
}

// What is revoked gets no token any more, and no token that it got lives longer than this.
const endOfTokens = (ports: BrokerPorts, now: Date): Date =>
  new Date(now.getTime() + 1000 * Math.max(...Object.values(ports.tiers).map((rules) => rules.tokenSecondsMax)))
