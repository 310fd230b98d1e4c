import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { ConnectorView, connectorViewOf } from '../connector-shape.ts'
import { operation } from '../room.ts'
import { listConnectors as readConnectors } from '../store-connector.ts'

/** Lists all connectors: there are few. */
export const listConnectors = operation.read({
  name: 'inventory.connector.list',
  summary: 'list the live systems that are asked what they have, and what the last time came to',
  input: z.strictObject({}),
  output: z.object({ items: z.array(ConnectorView) }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db }) => ({ output: { items: (await readConnectors(db)).map(connectorViewOf) } }),
})
