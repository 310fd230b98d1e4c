import type { Fault } from '../../kit/fault.ts'
import { looksSecret, withoutSecrets } from '../../kit/secret-shape.ts'
import { type Detail, factsOf, isTaken, textsOf } from '../domain/authorization-details.ts'
import { fault } from '../faults.ts'
import type { Decisions, TokenQuestion, TokenResource, TokenVerdict } from '../room.ts'

/** Why details cannot be asked for on a resource, or undefined when they can (RFC 9396 §5). */
export const detailsFault = (details: readonly Detail[], resource: TokenResource): Fault | undefined =>
  // A decision keeps what was asked, and a secret that stands in a detail must not be kept.
  details.every((detail) => isTaken(detail, resource) && !holdsSecret(textsOf(detail)))
    ? undefined
    : fault('details_invalid')

// One that was cut at its spaces is one as well.
const holdsSecret = (texts: readonly string[]): boolean => [...texts, texts.join(' ')].some(looksSecret)

/**
 * What the policy says of each detail: its actions are decided as a scope's are, with all else that it says as facts that the
 * caller states. The first that is refused is the last one that is asked about.
 */
export const decideDetails = (
  decisions: Decisions,
  details: readonly Detail[],
  question: Omit<TokenQuestion, 'actions' | 'detail'>,
): readonly TokenVerdict[] => {
  const verdicts: TokenVerdict[] = []
  for (const detail of details) {
    const verdict = decisions.decide({ ...question, actions: detail.actions, detail: factsOf(detail) })
    verdicts.push(verdict)
    if (!isWhole(verdict, detail)) break
  }
  return verdicts
}

/** Whether all that a detail asks for is granted. */
export const isWhole = ({ isAllowed, actions }: TokenVerdict, detail: Detail | undefined): boolean =>
  isAllowed && detail?.actions.every((action) => actions.includes(action)) === true

/** What the decisions of a token are recorded as that its own event has no room for. */
export const DETAIL_DECIDED = 'broker.token.detail'

/** The actions that details ask for. */
export const actionsOf = (details: readonly Detail[]): readonly string[] => details.flatMap(({ actions }) => actions)

/** What an event says of details: their types; what is in them is kept with their decisions. */
export const detailsEvidence = (details: readonly Detail[]): Readonly<Record<string, string>> =>
  details.length === 0 ? {} : { details: withoutSecrets(details.map(({ type }) => type).join(' ')) }
