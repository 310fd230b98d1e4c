import { DEPLOYMENT } from '../../kit/operation.ts'
import { ConnectorInput, ConnectorView, connectorViewOf, mustFit, readSecret, secretText } from '../connector-shape.ts'
import type { Connector } from '../domain/connector.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { CONNECTORS_MAX, insertConnector, listConnectors } from '../store-connector.ts'

/** Adds a live system that is asked what is there, first at once. */
export const addConnector = operation.write({
  name: 'inventory.connector.add',
  summary: 'add a live system that is asked what identities it has, at once and then every few hours',
  input: ConnectorInput,
  output: ConnectorView,
  faults: ['name_taken', 'connector_wrong', 'connector_limit_reached'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, caller, now, newId, ports }) => {
    const { secret: _, secretVariable: __, secretFile: ___, ...particulars } = input
    const id = newId('con')
    const { sealer } = ports.connectors
    const connector: Connector = {
      ...particulars,
      id,
      secret: readSecret(input, { id, sealer }) ?? { kind: 'none' },
      createdAt: now,
      createdBy: caller.actor.id,
      dueAt: now,
      lastRun: null,
    }
    mustFit(connector, ports.connectors)
    if ((await listConnectors(tx)).length >= CONNECTORS_MAX) throw fault('connector_limit_reached')
    if (!(await insertConnector(tx, connector))) throw fault('name_taken', { about: input.name })
    return {
      output: connectorViewOf(connector),
      change: [
        { field: 'connector', before: null, after: input.name },
        { field: 'vendor', before: null, after: input.vendor },
        { field: 'mode', before: null, after: input.mode },
        { field: 'secretFrom', before: null, after: secretText(connector.secret) },
      ],
      evidence: { connector: id },
    }
  },
})
