/** The kinds of credential that `broker.credential.add` adds. */
export const ADDED_KINDS = [
  'public-key',
  'bound-key',
  'client-secret',
  'api-key',
  'webhook-secret',
  'self-signed-tls',
  'tls-client-auth',
] as const

/** Every kind there is; a federation is added as a trust. */
export const CREDENTIAL_KINDS = [...ADDED_KINDS, 'federation'] as const
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number]

/** What is known of a kind, wherever one is told from another. */
interface KindRules {
  /** Whoever holds it, holds all there is: such secrets live shortest. */
  readonly isStatic: boolean
  /** Its client shows a certificate (RFC 8705 §2). */
  readonly isTls: boolean
  /** Its key signs the assertions of its client (RFC 7523). */
  readonly signsAssertions: boolean
}

const NOTHING: KindRules = { isStatic: false, isTls: false, signsAssertions: false }

const KINDS: Readonly<Record<CredentialKind, KindRules>> = {
  'public-key': { ...NOTHING, signsAssertions: true },
  'bound-key': { ...NOTHING, signsAssertions: true },
  'client-secret': { ...NOTHING, isStatic: true },
  'api-key': { ...NOTHING, isStatic: true },
  'webhook-secret': { ...NOTHING, isStatic: true },
  'self-signed-tls': { ...NOTHING, isTls: true },
  'tls-client-auth': { ...NOTHING, isTls: true },
  federation: NOTHING,
}

/** What is known of this kind. */
export const rulesOfKind = (kind: CredentialKind): KindRules => KINDS[kind]

/** Whether this is one of the kinds of credential. */
export const isCredentialKind = (kind: string): kind is CredentialKind => Object.hasOwn(KINDS, kind)
