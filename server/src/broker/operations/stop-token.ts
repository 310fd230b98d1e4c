import type { Transaction } from 'kysely'
import type { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import type { Caller, Ran } from '../../kit/operation.ts'
import { GRACE_MS } from '../domain/stop-rule.ts'
import { fault } from '../faults.ts'
import { pauseStreamsSetBy } from '../pause-streams.ts'
import type { BrokerPorts } from '../room.ts'
import type { BrokerTables } from '../schema.ts'
import { placeStop } from '../store-stop.ts'
import { unconfirmedBy } from '../unconfirmed.ts'
import { readTokenInput, type TokenInput, type TokenStopOutput } from './token-input.ts'

/** What quarantining and revoking a token have in common: they differ in the verb, and in the word that is recorded. */
export const stopToken =
  (verb: 'quarantine' | 'revoke', after: 'quarantined' | 'revoked') =>
  async (given: {
    readonly tx: Transaction<BrokerTables>
    readonly input: z.infer<typeof TokenInput>
    readonly caller: Caller
    readonly ports: BrokerPorts
    readonly now: Date
    newId(prefix: string): string
  }): Promise<Ran<z.infer<typeof TokenStopOutput>>> => {
    const { tx, input, caller, ports, now } = given
    const { jti, until, digest, identity } = readTokenInput(input, ports)
    mustBeAlive(until, ports, now)
    const { reason } = input
    const paused = await pauseStreamsSetBy(tx, ports, { token: digest }, given)
    const stop = { id: given.newId('stp'), scope: 'token', subject: jti, verb } as const
    const placed = await placeStop(tx, { ...stop, reason, by: caller.actor.id, now, until, identity })
    return {
      output: {
        token: digest,
        seq: placed.seq,
        unconfirmed: await unconfirmedBy(tx, ports, { seq: placed.seq, identity, now }),
      },
      change: [
        { field: `token ${digest}`, before: null, after },
        { field: 'reason', before: null, after: reason },
      ],
      signals: [...placed.signals, ...paused],
    }
  }

const SKEW_MS = 60_000

/**
 * A stop lasts as long as its token. INVARIANT: one whose end is wrongly given as past would stop nothing and be
 * acknowledged; one whose end is later than any token's would be held by every verifier for as long.
 */
const mustBeAlive = (until: Date, { tiers }: Pick<BrokerPorts, 'tiers'>, now: Date): void => {
  if (until.getTime() + GRACE_MS <= now.getTime()) throw fault('token_ended', { about: until.toISOString() })
  const secondsMax = Math.max(...Object.values(tiers).map(({ tokenSecondsMax }) => tokenSecondsMax))
  if (until.getTime() > now.getTime() + secondsMax * 1000 + SKEW_MS)
    throw coreFault('invalid_input', {
      places: [{ pointer: '/expiresAt', detail: `the exp of the token: none lives longer than ${secondsMax} seconds` }],
    })
}
