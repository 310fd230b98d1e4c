import { z } from 'zod'
import { coreFault } from '../../kit/fault.ts'
import { AliasView, aliasViewOf } from '../alias-shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { endAliases, findAlias } from '../store-alias.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reason, reference } from '../texts.ts'

/** Ends an alias; it stays in the history of the identity. */
export const endAlias = operation.write({
  name: 'inventory.alias.end',
  summary: 'end an alias: what is seen under its key is no longer joined to the identity',
  input: z.strictObject({ alias: reference('alias'), reason }),
  output: AliasView,
  faults: ['alias_ended'],
  on: async ({ tx, input }) => {
    const alias = await findAlias(tx, input.alias)
    if (alias === undefined) throw coreFault('not_found', { about: `alias ${input.alias}` })
    return identitySubject(await needIdentity(tx, alias.identityId))
  },
  run: async ({ tx, input, caller, now }) => {
    const alias = await findAlias(tx, input.alias)
    if (alias === undefined) throw coreFault('not_found', { about: `alias ${input.alias}` })
    const end = { now, by: caller.actor.id, because: input.reason }
    const [ended] = await endAliases(tx, { identityId: alias.identityId, id: alias.id }, end)
    if (ended === undefined) throw fault('alias_ended', { about: alias.id })
    return {
      output: aliasViewOf(ended),
      change: [{ field: 'key', before: alias.key, after: null }],
      evidence: { alias: alias.id, reason: input.reason },
    }
  },
})
