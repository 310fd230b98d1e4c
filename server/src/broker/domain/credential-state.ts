/** Where a credential is in its life; that it expired is seen from its date. */
export type CredentialState = 'active' | 'quarantined' | 'revoked'

/** What can be done to one. */
export type CredentialVerb = 'quarantine' | 'release' | 'revoke'

/** The state after a verb, or undefined when it cannot be done in this state. */
export const nextState = (state: CredentialState, verb: CredentialVerb): CredentialState | undefined =>
  NEXT[state][verb]

const NEXT: Readonly<Record<CredentialState, Partial<Record<CredentialVerb, CredentialState>>>> = {
  active: { quarantine: 'quarantined', revoke: 'revoked' },
  quarantined: { release: 'active', revoke: 'revoked' },
  revoked: {},
}
