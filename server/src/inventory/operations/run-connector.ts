import { z } from 'zod'
import { UNOWNED } from '../../kit/operation.ts'
import { ConnectorView, connectorViewOf } from '../connector-shape.ts'
import { operation } from '../room.ts'
import { updateConnector } from '../store-connector.ts'
import { needConnector } from '../subject.ts'
import { reference } from '../texts.ts'

/** Has a connector ask now. A vendor may take minutes: a job asks, and this call does not wait for it. */
export const runConnector = operation.write({
  name: 'inventory.connector.run',
  summary: 'have a connector ask now, within seconds; show it to see what came of it',
  input: z.strictObject({ connector: reference('connector') }),
  output: ConnectorView,
  faults: [],
  on: () => UNOWNED,
  run: async ({ tx, input, now }) => {
    const before = await needConnector(tx, input.connector)
    const after = { ...before, dueAt: now }
    await updateConnector(tx, after)
    return { output: connectorViewOf(after), evidence: { connector: before.id, name: before.name } }
  },
})
