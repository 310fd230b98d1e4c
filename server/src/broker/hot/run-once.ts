import { Fault } from '../../kit/fault.ts'
import type { HotCall, Judged } from '../../kit/hot.ts'
import type { Once } from '../../kit/spend-once.ts'
import { type MaybeLater, whenThere } from '../../kit/when-there.ts'
import { fault } from '../faults.ts'
import type { ProvenClient } from './authenticate-client.ts'
import { draftOf, type EventPart, limitedFault } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import type { OAuthRequest } from './oauth-request.ts'
import type { ProvenSender } from './sender-of.ts'

/** Runs a judgement; assertion and proof are spent with the record of what for, whether that was refused or not. */
export const runOnce = <T>(
  parts: HotParts,
  request: OAuthRequest,
  {
    proven,
    part,
    sender,
  }: { readonly proven: ProvenClient; readonly part: EventPart; readonly sender?: ProvenSender | undefined },
  judge: () => MaybeLater<Judged<T | Fault>>,
  told: Pick<HotCall<T | Fault>, 'newest'> = {},
): Promise<T | Fault> => {
  const once = [proven.once, proven.granted?.once, sender?.once].filter((use) => use !== undefined)
  // A proof that is stopped, or was used before, has failed as well: it is limited as one.
  const withinLimit = (judged: Judged<T | Fault>): Judged<T | Fault> => {
    if (!(judged.value instanceof Fault) || judged.value.kind !== 'unauthenticated') return judged
    const limited = limitedFault(request, proven.client.subject.id)
    return limited === undefined ? judged : { drafts: [], value: limited }
  }
  const limitedJudge = () => whenThere(judge(), withinLimit)
  if (once.length === 0) return parts.hot.run<T | Fault>({ judge: limitedJudge, ...told })
  const replayed = (used: Once) => {
    const refused = fault(used === sender?.once ? 'dpop_proof_replayed' : 'assertion_replayed')
    return withinLimit({ drafts: [draftOf(request, { ...part, fault: refused })], value: refused })
  }
  return parts.hot.run<T | Fault>({ judge: limitedJudge, once, replayed, ...told })
}
