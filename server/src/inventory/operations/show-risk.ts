import { z } from 'zod'
import { RiskView, riskViewOf } from '../risk-shape.ts'
import { operation } from '../room.ts'
import { findRisk } from '../store-risk.ts'
import { identitySubject, needIdentity } from '../subject.ts'
import { reference } from '../texts.ts'

/** Shows the risk of an identity. */
export const showRisk = operation.read({
  name: 'inventory.risk.show',
  summary: 'show how risky an identity is, from 0 to 100, with every reason and its evidence',
  input: z.strictObject({ identity: reference('identity') }),
  output: z.object({ risk: RiskView.nullable().describe('null until it is judged, within a minute of its creation') }),
  faults: [],
  on: async ({ db, input }) => identitySubject(await needIdentity(db, input.identity)),
  run: async ({ db, input }) => {
    const risk = await findRisk(db, (await needIdentity(db, input.identity)).id)
    return { output: { risk: risk === undefined ? null : riskViewOf(risk) } }
  },
})
