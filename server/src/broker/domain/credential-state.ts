/**
 * Where a credential is in its life; that it expired is seen from its date. One that is retired proves nobody any more
 * because its successor does; what it got before lives to its end. What is revoked ends with all that it got.
 */
export const CREDENTIAL_STATES = ['active', 'quarantined', 'retired', 'revoked'] as const
export type CredentialState = (typeof CREDENTIAL_STATES)[number]

/** What can be done to one. */
export type CredentialVerb = 'quarantine' | 'release' | 'revoke'

/** The state after a verb, or undefined when it cannot be done in this state. */
export const nextState = (state: CredentialState, verb: CredentialVerb): CredentialState | undefined =>
  NEXT[state][verb]

const NEXT: Readonly<Record<CredentialState, Partial<Record<CredentialVerb, CredentialState>>>> = {
  active: { quarantine: 'quarantined', revoke: 'revoked' },
  quarantined: { release: 'active', revoke: 'revoked' },
  retired: { revoke: 'revoked' },
  revoked: {},
}
