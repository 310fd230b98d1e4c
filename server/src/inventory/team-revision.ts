import type { Transaction } from 'kysely'
import { coreFault } from '../kit/fault.ts'
import type { Signal } from '../kit/operation.ts'
import { type Difference, differences } from './domain/difference.ts'
import type { Team } from './domain/identity.ts'
import type { InventoryTables } from './schema.ts'
import { lockTeam, updateTeam } from './store-team.ts'
import { needTeam } from './subject.ts'

/** What of a team may be changed. */
export interface TeamChange {
  readonly technicalContact?: string | undefined
  readonly businessContact?: string | undefined
  readonly businessUnit?: string | undefined
}

/** Changes what is wanted of a team. */
export const reviseTeam = async (
  tx: Transaction<InventoryTables>,
  idOrName: string,
  wanted: TeamChange,
): Promise<{ after: Team; fields: readonly Difference[]; signals: readonly Signal[] }> => {
  const before = await lockTeam(tx, (await needTeam(tx, idOrName)).id)
  if (before === undefined) throw coreFault('not_found', { about: `team ${idOrName}` })
  const after: Team = {
    ...before,
    technicalContact: wanted.technicalContact ?? before.technicalContact,
    businessContact: wanted.businessContact ?? before.businessContact,
    businessUnit: wanted.businessUnit ?? before.businessUnit,
  }
  const fields = differences(particularsOf(before), particularsOf(after))
  if (fields.length === 0) return { after: before, fields, signals: [] }
  await updateTeam(tx, after)
  return { after, fields, signals: [{ topic: 'team', key: after.id }] }
}

const particularsOf = ({ technicalContact, businessContact, businessUnit }: Team) => ({
  technicalContact,
  businessContact,
  businessUnit,
})
