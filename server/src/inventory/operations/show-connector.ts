import { z } from 'zod'
import { UNOWNED } from '../../kit/operation.ts'
import { ConnectorView, connectorViewOf } from '../connector-shape.ts'
import { operation } from '../room.ts'
import { needConnector } from '../subject.ts'
import { reference } from '../texts.ts'

/** Shows a connector. */
export const showConnector = operation.read({
  name: 'inventory.connector.show',
  summary: 'show a connector: how it asks, and what the last time came to, with what was not read and why',
  input: z.strictObject({ connector: reference('connector') }),
  output: ConnectorView,
  faults: [],
  on: () => UNOWNED,
  run: async ({ db, input }) => {
    const connector = await needConnector(db, input.connector)
    return { output: connectorViewOf(connector), evidence: { connector: connector.id, name: connector.name } }
  },
})
