import { type Random, timedId } from '../kit/random.ts'
import type { TokenQuestion, TokenVerdict } from './decide/decide-token.ts'
import type { Decisions, TokenResource } from './decisions.ts'

const OWN_API_ID = 'res_reeve'
const POLICY = 'reeve:own-api'

/**
 * The decisions with this server's own API among the resources. A token for it carries no right: whoever calls the API
 * with it is judged again at every call, so every active identity may have one, and only without actions.
 */
export const withOwnApi = (
  decisions: Decisions,
  given: { readonly issuer: () => string; readonly random: Random; readonly revision: () => string },
): Decisions => ({
  ...decisions,
  resource: (uri) => (uri === given.issuer() ? ownApi(uri) : decisions.resource(uri)),
  decide: (question) =>
    question.resource.id === OWN_API_ID
      ? verdict(question, given.random, given.revision())
      : decisions.decide(question),
})

const ownApi = (uri: string): TokenResource => ({
  id: OWN_API_ID,
  name: 'reeve',
  uri,
  environment: '',
  actions: [],
  algorithm: 'ES256',
  statusList: false,
  isAuthorizationServer: false,
  detailTypes: [],
  tagClaims: [],
  awsSessionTags: [],
  servedBy: [],
  owner: null,
})

const verdict = (question: TokenQuestion, random: Random, revision: string): TokenVerdict => {
  const isAllowed = question.actions.length === 0
  return {
    isAllowed,
    actions: [],
    decision: {
      id: timedId(random, 'dec', question.now),
      outcome: isAllowed ? 'allow' : 'deny',
      enforced: true,
      policies: [POLICY],
      revision,
      missing: [],
      request: null,
    },
    kept: [],
    obligations: [],
  }
}
