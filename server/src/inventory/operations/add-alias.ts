import { z } from 'zod'
import { AliasView, aliasViewOf, keyField } from '../alias-shape.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { addAliases, findHeld } from '../store-alias.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

/** Says under which stable key scans see an identity. */
export const addAlias = operation.write({
  name: 'inventory.alias.add',
  summary: 'say under which stable key scans see an identity: what is seen under it is joined to it',
  input: z.strictObject({ identity: reference('identity'), key: keyField }),
  output: AliasView,
  faults: ['key_taken'],
  on: async ({ tx, input }) => identitySubject(await needIdentity(tx, input.identity)),
  run: async ({ tx, input, caller, now, newId }) => {
    const identity = await needIdentity(tx, input.identity)
    const by = caller.actor.id
    const of = { identityId: identity.id, sightingId: null, because: 'said so', now, by, newId }
    const taken = await addAliases(tx, [input.key], of)
    const alias = await findHeld(tx, input.key)
    if (taken.length > 0 || alias === undefined) throw fault('key_taken', { about: input.key })
    return {
      output: aliasViewOf(alias),
      change: [{ field: 'key', before: null, after: input.key }],
      evidence: { alias: alias.id },
    }
  },
})
