import type { Fault } from '../../kit/fault.ts'
import type { Judged } from '../../kit/hot.ts'
import { fault } from '../faults.ts'
import type { ProvenClient } from './authenticate-client.ts'
import { draftOf, type EventPart } from './hot-event.ts'
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
  if (once === undefined) return parts.hot.run<T | Fault>({ judge, ...told })
  const replayed = () => {
    const refused = fault('assertion_replayed')
    return { drafts: [draftOf(request, { ...part, fault: refused })], value: refused }
  }
  return parts.hot.run<T | Fault>({ judge, once, replayed, ...told })
}
