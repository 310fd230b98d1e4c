import { z } from 'zod'
import { PageInput } from '../../kit/cursor.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { pageOf } from '../../kit/page.ts'
import { operation } from '../room.ts'
import { ResourceView, resourceFields } from '../shapes.ts'
import { listResources as readResources } from '../store-resource.ts'
import { resourceView } from '../views.ts'

/** Lists resources by name. */
export const listResources = operation.list({
  name: 'policy.resource.list',
  summary: 'list the resources by name',
  input: z.strictObject({
    ...PageInput,
    environment: resourceFields.environment.optional(),
    sensitivity: resourceFields.sensitivity.optional(),
  }),
  output: z.object({ items: z.array(ResourceView), nextCursor: z.string().nullable() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async ({ db, input, ports, scope }) => {
    const { sensitivity, limit, cursor } = input
    const environment = input.environment === undefined ? undefined : ports.environments.normal(input.environment)
    const list = JSON.stringify(['policy.resource.list', environment, sensitivity])
    const after = cursor === undefined ? undefined : String(ports.cursors.open(list, cursor)[0])
    const found = await readResources(db, scope, { after, limit: limit + 1, environment, sensitivity })
    const page = pageOf(found, limit, (last) => ports.cursors.make(list, [last.name]))
    return { output: { items: page.items.map(resourceView), nextCursor: page.nextCursor } }
  },
})
