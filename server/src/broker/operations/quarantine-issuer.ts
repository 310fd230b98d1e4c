import { DEPLOYMENT } from '../../kit/operation.ts'
import { fault } from '../faults.ts'
import { pauseStreamsSetBy } from '../pause-streams.ts'
import { operation } from '../room.ts'
import { placeStop } from '../store-stop.ts'
import { trustsIn } from '../store-trust.ts'
import { unconfirmedBy } from '../unconfirmed.ts'
import { IssuerStopInput, IssuerStopOutput } from './issuer-input.ts'

/**
 * Stops all that stands on the word of an issuer: this server's own tokens, or those that came of another one's. One entry of
 * the feed, however many there are: each token names whose word it stands on.
 */
export const quarantineIssuer = operation.write({
  name: 'broker.issuer.quarantine',
  summary:
    'stop every token that an issuer signed or proved, until it is released: this server, or one that trusts name',
  input: IssuerStopInput,
  output: IssuerStopOutput,
  faults: ['issuer_not_trusted'],
  principals: ['human'],
  on: () => DEPLOYMENT,
  run: async ({ input, caller, now, newId, ports, tx }) => {
    const { issuer, reason } = input
    const trusts = (await trustsIn(tx, issuer)).length
    if (trusts === 0 && issuer !== ports.issuer()) throw fault('issuer_not_trusted')
    const paused = await pauseStreamsSetBy(tx, ports, { issuer }, { now, newId })
    const placed = await placeStop(tx, {
      ...{ id: newId('stp'), scope: 'issuer', subject: issuer, verb: 'quarantine' },
      ...{ reason, by: caller.actor.id, now, until: null },
    })
    const unconfirmed = await unconfirmedBy(tx, ports, { seq: placed.seq, identity: null, now })
    return {
      output: { issuer, trusts, seq: placed.seq, unconfirmed },
      change: [
        { field: `issuer ${issuer}`, before: null, after: 'quarantined' },
        { field: 'reason', before: null, after: reason },
      ],
      signals: [...placed.signals, ...paused],
    }
  },
})
