/** The algorithms an access token may be signed with. */
export type TokenAlgorithm = 'ES256' | 'EdDSA' | 'RS256' | 'PS256'

/** The scopes at which something is stopped, narrowest first; `key` is the one that a token is signed with. */
export type RevocationScope = 'token' | 'credential' | 'instance' | 'identity' | 'owner' | 'key' | 'issuer'

/** What the token says about the identity that holds it. */
export interface ReeveClaims {
  readonly principal_type: 'nhi'
  readonly name: string
  readonly environment: string
  readonly tier: 'low' | 'medium' | 'high'
  readonly owner: string
  readonly credential: string
  readonly workflow?: WorkflowClaims | undefined
  readonly instance?: string | undefined
  /** Whose token proved the identity, where another issuer's did: a stop of that issuer stops this token. */
  readonly issuer?: string | undefined
  /** Of a token that came by exchange: the tokens that were presented for it, oldest first, with who presented each. */
  readonly chain?: readonly ChainLink[] | undefined
}

/** One token that was presented in an exchange (RFC 8693), and who presented it: a stop of either stops what came of it. */
export interface ChainLink {
  readonly jti: string
  readonly sub: string
  readonly owner: string
  readonly credential: string
  readonly instance?: string | undefined
  readonly issuer?: string | undefined
}

/** Who acts for the subject of a token, and for whom that one acts (RFC 8693 §4.1). */
export interface ActClaim {
  readonly sub: string
  readonly act?: ActClaim | undefined
}

/** How many may act for each other in one token, and how many presented tokens it may go back to. */
export const delegationMax = { actors: 5, links: 10 } as const

/** What the identity works for. */
export interface WorkflowClaims {
  readonly name: string
  readonly repository?: string | undefined
  readonly run?: string | undefined
}

/** The claims of an access token (RFC 9068 §2.2). */
export interface AccessTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly client_id: string
  readonly aud: string | readonly string[]
  readonly exp: number
  readonly iat: number
  readonly nbf?: number | undefined
  readonly jti: string
  readonly scope: string
  /** What the token is bound to (RFC 7800): without a proof of all of it the token is nothing. */
  readonly cnf?: Confirmation | undefined
  /** Who acts with it in the subject's place; absent when that is the subject itself. */
  readonly act?: ActClaim | undefined
  /** Who alone may exchange it, besides whoever it was issued to (RFC 8693 §4.4). */
  readonly may_act?: { readonly sub: string } | undefined
  /** Where its standing can be looked up (Token Status List §6), where the resource asks for that. */
  readonly status?: { readonly status_list: StatusReference } | undefined
  /** What it is for, where a scope does not say enough (RFC 9396 §9.1). */
  readonly authorization_details?: readonly AuthorizationDetail[] | undefined
  readonly reeve: ReeveClaims
}

/** A value of an authorization detail. */
export type DetailValue = string | number | boolean | readonly string[]

/** What a token is for, more exactly than a scope says it (RFC 9396 §2): at least a type, and the actions. */
export interface AuthorizationDetail {
  readonly type: string
  readonly actions: readonly string[]
  readonly [field: string]: DetailValue
}

/** A place in a status list. */
export interface StatusReference {
  readonly idx: number
  readonly uri: string
}

/** What a token is bound to: a key, a certificate, or both. */
export interface Confirmation {
  /** The SHA-256 thumbprint of a key (RFC 7638), of which each request needs a proof (RFC 9449 §6.1). */
  readonly jkt?: string | undefined
  /** The SHA-256 of a certificate, which the connection has to show (RFC 8705 §3.1). */
  readonly 'x5t#S256'?: string | undefined
}

/** One line of the revocation feed. */
export interface RevocationEntry {
  readonly seq: number
  readonly verb: 'quarantine' | 'release' | 'revoke'
  readonly target: string
  /** Seconds since 1970 after which the entry no longer matters; null: until it is released. */
  readonly until: number | null
}

/** A page of the revocation feed: everything in force, or what is new since a sequence number. */
export interface RevocationPage {
  readonly seq: number
  readonly snapshot: boolean
  readonly entries: readonly RevocationEntry[]
  /** Which key set the issuer has now: a word that changes with it, and the ETag of the set. */
  readonly keys?: string | undefined
}

/** What a verifier says it saw one token do. */
export interface UseReport {
  readonly at: string
  readonly token: string
  readonly identity: string
  readonly credential?: string | undefined
  readonly instance?: string | undefined
  /** When the token was issued, in seconds since 1970 (`iat`), so that the issuer finds it among very many. */
  readonly issuedAt?: number | undefined
  readonly audience: string
  readonly action: string | null
  readonly outcome: 'allowed' | 'refused'
  readonly code: string | null
  readonly ip: string | null
}

/** Where the issuer answers, below its URL. */
export const issuerPaths = {
  keys: '/.well-known/jwks.json',
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  feed: '/revocations',
  statusLists: '/status-lists/',
  evaluation: '/access/v1/evaluation',
  rulebook: '/access/v1/rulebook',
  useReport: '/v1/observe.use.report',
  webhookTake: '/v1/broker.webhook.take',
  verifierConfirm: '/v1/broker.verifier.confirm',
} as const

/** How many use reports one batch may hold. */
export const reportsPerBatchMax = 500
