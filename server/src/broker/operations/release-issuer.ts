import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { liftStop } from '../store-stop.ts'
import { trustsIn } from '../store-trust.ts'
import { IssuerStopInput, IssuerStopOutput } from './issuer-input.ts'
import { needReleasable } from './need-releasable.ts'

/** Releases a quarantined issuer; who placed the quarantine does, or security. */
export const releaseIssuer = operation.write({
  name: 'broker.issuer.release',
  summary: 'release a quarantined issuer: what was stopped by itself stays so',
  input: IssuerStopInput,
  output: IssuerStopOutput,
  faults: ['stop_not_found', 'release_not_yours'],
  principals: ['human'],
  on: () => DEPLOYMENT,
  run: async ({ input, caller, now, ports, tx }) => {
    const { issuer, reason } = input
    await needReleasable(tx, ports, { scope: 'issuer', id: issuer }, caller)
    const placed = await liftStop(tx, 'issuer', issuer, now)
    if (placed === undefined) throw fault('stop_not_found')
    return {
      output: { issuer, trusts: (await trustsIn(tx, issuer)).length, seq: placed.seq, unconfirmed: [] },
      change: [
        { field: `issuer ${issuer}`, before: 'quarantined', after: 'released' },
        { field: 'reason', before: null, after: reason },
      ],
      signals: placed.signals,
    }
  },
})
