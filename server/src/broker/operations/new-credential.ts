import type { Subject } from '../room.ts'
import type { Credential } from '../store-credential.ts'

/** What every credential begins with. */
interface Given {
  readonly id: string
  readonly subject: Subject
  readonly kind: Credential['kind']
  readonly name: string | undefined
  readonly expiresAt: Date
  readonly now: Date
  readonly by: string | null
}

/** What only credentials of some kind have. */
type Own = Partial<
  Pick<
    Credential,
    | 'algorithm'
    | 'keyId'
    | 'thumbprint'
    | 'publicJwk'
    | 'secretHash'
    | 'sealed'
    | 'exception'
    | 'limits'
    | 'certificateName'
    | 'jwksUri'
  >
>

/** A credential as it begins: active, its owner's, and never used. */
export const newCredential = ({ id, subject, kind, name, expiresAt, now, by }: Given, own: Own = {}): Credential => ({
  id,
  identity: subject.id,
  kind,
  name: name ?? '',
  state: 'active',
  algorithm: null,
  keyId: null,
  thumbprint: null,
  publicJwk: null,
  secretHash: null,
  sealed: null,
  exception: null,
  limits: null,
  jwksUri: null,
  certificateName: null,
  ...own,
  createdAt: now.getTime(),
  createdBy: by,
  expiresAt: expiresAt.getTime(),
  lastUsedAt: null,
  consumersOverAt: null,
  stateAt: now.getTime(),
  stateBy: by,
  stateReason: null,
  team: subject.owner.id,
})
