import { z } from 'zod'
import { UNOWNED } from '../../kit/operation.ts'
import { scanOf } from '../domain/connector.ts'
import { operation } from '../room.ts'
import { deleteConnector } from '../store-connector.ts'
import { needConnector } from '../subject.ts'
import { reference } from '../texts.ts'

/** Removes a connector with its secret. What it saw stays as it was seen last. */
export const removeConnector = operation.write({
  name: 'inventory.connector.remove',
  summary: 'remove a connector with its secret; what it saw stays as it was seen last',
  input: z.strictObject({ connector: reference('connector') }),
  output: z.object({ id: z.string(), name: z.string() }),
  faults: [],
  on: () => UNOWNED,
  run: async ({ tx, input }) => {
    const { id, name, vendor } = await needConnector(tx, input.connector)
    await deleteConnector(tx, id)
    return {
      output: { id, name },
      change: [{ field: 'connector', before: name, after: null }],
      evidence: { connector: id, vendor, scan: scanOf(name) },
    }
  },
})
