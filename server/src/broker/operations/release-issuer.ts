import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { liftStop, quarantinesOf } from '../store-stop.ts'
import { trustsIn } from '../store-trust.ts'
import { IssuerReleaseInput, IssuerStopOutput } from './issuer-input.ts'
import { needReleasable } from './need-releasable.ts'

const NAME = 'broker.issuer.release'

// Long enough to see that it was the wrong one, and too short to be waited for by whoever has somebody's session.
const SECOND_THOUGHTS_MS = 15 * 60_000

/**
 * Releases a quarantined issuer; who placed the quarantine does, or security. A stop is one person's act however wide it is, as it
 * must not wait; what it held back is let go by two: all that the issuer ever signed is believed again. Who placed it takes it
 * back alone for a while, so that a mistake is undone in one command.
 */
export const releaseIssuer = operation.write({
  name: NAME,
  summary: 'release a quarantined issuer, with the approval of a second person: what was stopped by itself stays so',
  input: IssuerReleaseInput,
  output: IssuerStopOutput,
  faults: ['stop_not_found', 'release_not_yours'],
  principals: ['human'],
  on: () => DEPLOYMENT,
  run: async ({ input, caller, now, ports, tx }) => {
    const { approval, ...asked } = input
    const { issuer, reason } = asked
    await needReleasable(tx, ports, { scope: 'issuer', id: issuer }, caller)
    const standing = await quarantinesOf(tx, 'issuer', issuer)
    const isOwnNow = standing.every(
      ({ stopped_by: by, stopped_at: at }) => by === caller.actor.id && at >= now.getTime() - SECOND_THOUGHTS_MS,
    )
    const takesTwo = !isOwnNow && (await ports.isFourEyes(tx))
    const placed = await liftStop(tx, 'issuer', issuer, now)
    if (placed === undefined) throw fault('stop_not_found')
    const spent = takesTwo
      ? await ports.approvals.spend(tx, {
          ...{ approval, operation: NAME, input: asked, requester: caller.actor.id, now },
          needed: {
            need: 'approver-or-admin',
            teams: [null],
            // By its name: who approved the end of one quarantine was not asked about the next.
            why: standing.map(({ id }) => `all that ${issuer} signed or proved is believed again after ${id}`),
          },
        })
      : undefined
    return {
      output: { issuer, trusts: (await trustsIn(tx, issuer)).length, seq: placed.seq, unconfirmed: [] },
      change: [
        { field: `issuer ${issuer}`, before: 'quarantined', after: 'released' },
        { field: 'reason', before: null, after: reason },
      ],
      ...(spent === undefined ? {} : { approval: spent.id }),
      signals: placed.signals,
    }
  },
})
