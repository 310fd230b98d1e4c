import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { coreFault } from '../../kit/fault.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { lintTrust } from '../domain/trust-lint.ts'
import { operation } from '../room.ts'
import { listCredentials } from '../store-credential.ts'
import { trustsOf } from '../store-trust.ts'
import { aboutIdentity, needIdentity } from './about-identity.ts'
import { CredentialView, viewCredential } from './credential-view.ts'
import { TrustLintView, TrustView, viewLints, viewTrust } from './trust-view.ts'

const Position = z.tuple([z.number(), z.string()])

/** Lists federation trusts, newest first, each with what is wrong with it. */
export const listTrusts = operation.list({
  name: 'broker.trust.list',
  summary: 'list federation trusts, of one identity or of all, with what is wrong with each',
  input: z.strictObject({
    identity: z.string().min(1).max(200).optional(),
    state: z.enum(['active', 'quarantined', 'revoked']).optional(),
    ...PageInput,
  }),
  output: z.object({
    items: z.array(z.object({ credential: CredentialView, trust: TrustView, lints: z.array(TrustLintView) })),
    nextCursor: z.string().nullable(),
  }),
  faults: ['identity_not_found'],
  on: async ({ input, ports, db }) =>
    input.identity === undefined ? DEPLOYMENT : aboutIdentity(await needIdentity(ports, db, input.identity)),
  run: async ({ input, now, ports, db, scope }) => {
    const identity = input.identity === undefined ? undefined : (await needIdentity(ports, db, input.identity)).id
    const { state, limit } = input
    const list = `broker.trust.list ${JSON.stringify([identity, state])}`
    const after = input.cursor === undefined ? undefined : positionOf(ports.cursors.open(list, input.cursor))
    const found = await listCredentials(db, scope, { identity, kind: 'federation', state, after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    const trusts = await trustsOf(
      db,
      page.map(({ id }) => id),
    )
    return {
      output: {
        items: page.flatMap((credential) => {
          const trust = trusts.get(credential.id)
          if (trust === undefined) return []
          const lints = viewLints(lintTrust(trust.terms, ports.issuer()))
          return [{ credential: viewCredential(credential, now), trust: viewTrust(trust.terms), lints }]
        }),
        nextCursor:
          found.length > limit && last !== undefined ? ports.cursors.make(list, [last.createdAt, last.id]) : null,
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
