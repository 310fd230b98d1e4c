import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { coreFault } from '../../kit/fault.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'
import { listCredentials as listStored } from '../store-credential.ts'
import { rotationsOf } from '../store-rotation.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { CredentialKind, CredentialStateInput, CredentialView, viewCredential } from './credential-view.ts'

const Position = z.tuple([z.number(), z.string()])

/** Lists credentials, newest first. */
export const listCredentials = operation.list({
  name: 'broker.credential.list',
  summary: 'list credentials, of one identity or of all',
  input: z.strictObject({
    identity: z.string().min(1).max(200).optional(),
    kind: CredentialKind.optional(),
    state: CredentialStateInput.optional(),
    ...PageInput,
  }),
  output: z.object({ items: z.array(CredentialView), nextCursor: z.string().nullable() }),
  faults: ['identity_not_found'],
  on: async ({ input, ports, db }) =>
    input.identity === undefined ? DEPLOYMENT : aboutIdentity(await needIdentity(ports, db, input.identity)),
  run: async ({ input, now, ports, db, scope }) => {
    const identity = input.identity === undefined ? undefined : (await needIdentity(ports, db, input.identity)).id
    const { kind, state, limit } = input
    const list = `broker.credential.list ${JSON.stringify([identity, kind, state])}`
    const after = input.cursor === undefined ? undefined : positionOf(ports.cursors.open(list, input.cursor))
    const found = await listStored(db, scope, { identity, kind, state, after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    const rotations = await rotationsOf(
      db,
      page.map(({ id }) => id),
    )
    const hasMore = found.length > limit && last !== undefined
    return {
      output: {
        items: page.map((credential) => viewCredential(credential, now, rotations)),
        nextCursor: hasMore ? ports.cursors.make(list, [last.createdAt, last.id]) : null,
      },
    }
  },
})

const positionOf = (opened: readonly (string | number)[]): { createdAt: number; id: string } => {
  const position = Position.safeParse(opened)
  if (!position.success) throw coreFault('bad_cursor')
  const [createdAt, id] = position.data
  return { createdAt, id }
}
