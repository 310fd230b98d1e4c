import type { Decisions, TokenQuestion, TokenResource } from '../../src/broker/room.ts'

/** A policy in memory: what is granted to whom. */
export interface FakeDecisions extends Decisions {
  addResource(uri: string, fields?: Partial<TokenResource>): TokenResource
  grant(identityId: string, uri: string, actions: readonly string[]): void
  /** Who serves what the identity was granted, or anything for null. */
  serversOf(identityId: string | null): readonly { id: string; name: string }[]
  /** Lets one identity act for another. */
  letActFor(actorId: string, subjectId: string, isLet?: boolean): void
  /** What was asked last about a token. */
  lastAsked(): TokenQuestion | undefined
  /** Lets an identity reach a resource of another environment. */
  exempt(identityId: string, uri: string): void
}

/** A policy that grants nothing yet. */
export const fakeDecisions = (): FakeDecisions => {
  const resources = new Map<string, TokenResource>()
  const grants = new Map<string, readonly string[]>()
  const exempted = new Set<string>()
  const delegates = new Set<string>()
  let asked: TokenQuestion | undefined
  return {
    addResource: (uri, fields = {}) => {
      const resource: TokenResource = {
        id: `res_${resources.size}`,
        name: new URL(uri).hostname,
        uri,
        environment: 'production',
        actions: ['orders.read', 'orders.write'],
        algorithm: 'ES256',
        statusList: false,
        isAuthorizationServer: false,
        detailTypes: [],
        tagClaims: [],
        awsSessionTags: [],
        servedBy: [],
        owner: null,
        ...fields,
      }
      resources.set(uri, resource)
      return resource
    },
    grant: (identityId, uri, actions) => {
      grants.set(`${identityId} ${uri}`, actions)
    },
    serversOf: (identityId) =>
      [...resources.values()]
        .filter(({ uri }) => identityId === null || grants.has(`${identityId} ${uri}`))
        .flatMap(({ servedBy }) => servedBy.map((id) => ({ id, name: id.replace('nhi_', '') }))),
    exempt: (identityId, uri) => {
      exempted.add(`${identityId} ${uri}`)
    },
    letActFor: (actorId, subjectId, isLet = true) => {
      if (isLet) delegates.add(`${actorId} ${subjectId}`)
      else delegates.delete(`${actorId} ${subjectId}`)
    },
    lastAsked: () => asked,
    warm: async () => undefined,
    resource: (uri) => resources.get(uri),
    resourcesServedBy: (id) => [...resources.values()].filter(({ servedBy }) => servedBy.includes(id)),
    detailTypes: () => [...resources.values()].flatMap(({ detailTypes }) => detailTypes.map(({ type }) => type)),
    decide: (question) => {
      const { subject, resource, actions } = question
      asked = question
      const key = `${subject.id} ${resource.uri}`
      const isApart = subject.environment !== resource.environment && !exempted.has(key)
      const granted = isApart ? [] : (grants.get(key) ?? [])
      const allowed = actions.length === 0 ? granted : actions.filter((action) => granted.includes(action))
      return {
        isAllowed: allowed.length > 0,
        actions: allowed,
        decision: {
          id: 'dec_fake',
          outcome: allowed.length > 0 ? 'allow' : 'deny',
          enforced: true,
          policies: [isApart ? 'reeve:environment-isolation' : 'grant'],
          revision: 'fake',
          missing: [],
          request: 'digest',
        },
        kept: [{ digest: 'digest', body: '{}' }],
        obligations: [],
      }
    },
    mayActFor: ({ actor, subject }) => {
      const isAllowed = delegates.has(`${actor.id} ${subject.id}`)
      return {
        isAllowed,
        decision: {
          id: 'dec_delegation',
          outcome: isAllowed ? 'allow' : 'deny',
          enforced: true,
          policies: isAllowed ? ['delegation'] : [],
          revision: 'fake',
          missing: [],
          request: 'digest',
        },
        kept: [{ digest: 'digest', body: '{}' }],
      }
    },
  }
}
