import { Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { fault } from '../faults.ts'
import type { ProvenClient } from './authenticate-client.ts'
import { draftOf, type EventPart, limitedFault } from './hot-event.ts'
import type { HotParts } from './hot-parts.ts'
import type { OAuthRequest } from './oauth-request.ts'

/** Runs a judgement; an assertion is spent with the record of what it was spent for, whether that was refused or not. */
export const runOnce = <T>(
  parts: HotParts,
  request: OAuthRequest,
  { proven, part }: { readonly proven: ProvenClient; readonly part: EventPart },
  judge: () => Promise<Judged<T | Fault>>,
  told: { readonly answersNewest?: true } = {},
): Promise<T | Fault> => {
  const { once } = proven
  // A proof that is stopped, or was used before, has failed as well: it is limited as one.
  const withinLimit = (judged: Judged<T | Fault>): Judged<T | Fault> => {
    if (!(judged.value instanceof Fault) || judged.value.kind !== 'unauthenticated') return judged
    const limited = limitedFault(request, proven.client.subject.id)
    return limited === undefined ? judged : { drafts: [], value: limited }
  }
  const limitedJudge = async () => withinLimit(await judge())
  if (once === undefined) return parts.hot.run<T | Fault>({ judge: limitedJudge, ...told })
  const replayed = () => {
    const refused = fault('assertion_replayed')
    return withinLimit({ drafts: [draftOf(request, { ...part, fault: refused })], value: refused })
  }
  return parts.hot.run<T | Fault>({ judge: limitedJudge, once, replayed, ...told })
}
