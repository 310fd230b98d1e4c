import { z } from 'zod'
import { needResource } from '../need.ts'
import { operation } from '../room.ts'
import { Reference, ResourceView } from '../shapes.ts'
import { resourceSubject, resourceView } from '../views.ts'

/** Shows a resource by its name, uri or id. */
export const showResource = operation.read({
  name: 'policy.resource.show',
  summary: 'show a resource by its name, uri or id',
  input: z.strictObject({ resource: Reference }),
  output: ResourceView,
  faults: ['resource_not_found'],
  on: async ({ db, input }) => resourceSubject(await needResource(db, input.resource)),
  run: async ({ db, input }) => ({ output: resourceView(await needResource(db, input.resource)) }),
})
