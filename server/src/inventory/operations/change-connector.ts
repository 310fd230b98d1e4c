import { z } from 'zod'
import { UNOWNED } from '../../kit/operation.ts'
import {
  ConnectorView,
  connectorParticulars,
  connectorViewOf,
  mustFit,
  readSecret,
  secretFields,
  secretText,
} from '../connector-shape.ts'
import type { Connector } from '../domain/connector.ts'
import { differences } from '../domain/difference.ts'
import { fault } from '../faults.ts'
import { operation } from '../room.ts'
import { updateConnector } from '../store-connector.ts'
import { needConnector } from '../subject.ts'
import { reference } from '../texts.ts'

/** Changes how a connector asks, and asks anew. */
export const changeConnector = operation.write({
  name: 'inventory.connector.change',
  summary: 'change how a connector asks, how often, with what secret, and whether it writes',
  input: z.strictObject({
    connector: reference('connector'),
    mode: connectorParticulars.mode.optional(),
    everyHours: connectorParticulars.everyHours.optional(),
    without: connectorParticulars.without.optional(),
    settings: connectorParticulars.settings.optional(),
    ...secretFields,
  }),
  output: ConnectorView,
  faults: ['connector_wrong'],
  on: () => UNOWNED,
  run: async ({ tx, input, now, ports }) => {
    const before = await needConnector(tx, input.connector)
    const { sealer } = ports.connectors
    const settings = input.settings ?? before.settings
    const given = readSecret(input, { id: before.id, sealer })
    const after: Connector = {
      ...before,
      mode: input.mode ?? before.mode,
      everyHours: input.everyHours ?? before.everyHours,
      without: input.without ?? before.without,
      settings,
      secret: given ?? before.secret,
      dueAt: now,
    }
    // Whoever may change where it asks must not be able to have its secret sent there.
    if (before.secret.kind === 'sealed' && given === undefined && isElsewhere(before, after))
      throw fault('connector_wrong', { about: 'give its secret again with other settings: it would be sent elsewhere' })
    mustFit(after, ports.connectors)
    await updateConnector(tx, after)
    return {
      output: connectorViewOf(after),
      change: [
        ...differences(told(before), told(after)),
        ...(given === undefined
          ? []
          : [{ field: 'secretFrom', before: secretText(before.secret), after: secretText(given) }]),
      ],
      evidence: { connector: before.id },
    }
  },
})

const isElsewhere = (before: Connector, after: Connector): boolean =>
  differences({ settings: before.settings }, { settings: after.settings }).length > 0

const told = ({ mode, everyHours, without, settings }: Connector) => ({ mode, everyHours, without, settings })
