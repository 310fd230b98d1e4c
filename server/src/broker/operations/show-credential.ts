import { z } from 'zod'
import { operation } from '../room.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { CredentialId, CredentialView, viewCredential } from './credential-view.ts'
import { needCredential } from './need-credential.ts'

/** Shows one credential. */
export const showCredential = operation.read({
  name: 'broker.credential.show',
  summary: 'Show one credential',
  input: z.strictObject({ credential: CredentialId }),
  output: z.object({ credential: CredentialView }),
  faults: ['credential_not_found', 'identity_not_found'],
  on: async ({ input, ports, db }) => {
    const { identity } = await needCredential(db, input.credential)
    return aboutIdentity(await needIdentity(ports, db, identity))
  },
  run: async ({ input, now, db }) => ({
    output: { credential: viewCredential(await needCredential(db, input.credential), now) },
  }),
})
