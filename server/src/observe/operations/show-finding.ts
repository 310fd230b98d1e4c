import { z } from 'zod'
import type { Handle } from '../../kit/database.ts'
import { coreFault } from '../../kit/fault.ts'
import { FindingOutput, identitySubject, toFindingOutput } from '../finding-shape.ts'
import { operation } from '../room.ts'
import type { ObserveTables } from '../schema.ts'
import { type Finding, findFinding } from '../store-finding.ts'

/** Shows a finding. */
export const showFinding = operation.read({
  name: 'observe.finding.show',
  summary: 'show a finding: what is wrong, where, why it matters and how to mend it',
  input: z.strictObject({ finding: z.string().min(1).max(64) }),
  output: FindingOutput,
  faults: [],
  on: async ({ db, input, ports }) => identitySubject(ports, db, (await findingOf(db, input.finding)).identity),
  run: async ({ db, input }) => {
    const finding = await findingOf(db, input.finding)
    return { output: toFindingOutput(finding), evidence: { finding: finding.id } }
  },
})

/** The finding. Throws not_found. */
export const findingOf = async (db: Handle<ObserveTables>, id: string): Promise<Finding> => {
  const found = await findFinding(db, id)
  if (found === undefined) throw coreFault('not_found')
  return found
}
