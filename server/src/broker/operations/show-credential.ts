import { z } from 'zod'
import { operation } from '../room.ts'
import { consumersOf } from '../store-consumer.ts'
import { rotationsOf } from '../store-rotation.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { ConsumerView, viewConsumers } from './consumer-view.ts'
import { CredentialId, CredentialView, viewCredential } from './credential-view.ts'
import { needCredential } from './need-credential.ts'

/** Shows one credential. */
export const showCredential = operation.read({
  name: 'broker.credential.show',
  summary: 'show one credential',
  input: z.strictObject({ credential: CredentialId }),
  output: z.object({
    credential: CredentialView,
    /** From where it was seen in use in the last 30 days, newest first. */
    consumers: z.array(ConsumerView),
    /** False when it was used from more places than are kept. */
    areAllConsumersKnown: z.boolean(),
  }),
  faults: ['credential_not_found', 'identity_not_found'],
  on: async ({ input, ports, db }) => {
    const { identity } = await needCredential(db, input.credential)
    return aboutIdentity(await needIdentity(ports, db, identity))
  },
  run: async ({ input, now, db }) => {
    const credential = await needCredential(db, input.credential)
    const rotations = await rotationsOf(db, [credential.id])
    const view = viewCredential(credential, now, rotations)
    const successor = view.rotation?.predecessor === credential.id ? view.rotation.successor : undefined
    const stored = await consumersOf(db, successor === undefined ? [credential.id] : [credential.id, successor])
    return {
      output: {
        credential: view,
        consumers: viewConsumers(stored, { credential: credential.id, successor }),
        areAllConsumersKnown: credential.consumersOverAt === null,
      },
      evidence: { credential: credential.id },
    }
  },
})
