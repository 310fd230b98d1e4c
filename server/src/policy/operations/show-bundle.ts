import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { needBundle } from '../need.ts'
import { operation } from '../room.ts'
import { seenLines } from '../seen-lines.ts'
import { BundleView, Reference } from '../shapes.ts'
import { resourcesByIds } from '../store-resource.ts'
import { bundleView } from '../views.ts'

/** Shows a bundle by its name or id. */
export const showBundle = operation.read({
  name: 'policy.bundle.show',
  summary: 'show a bundle by its name or id',
  input: z.strictObject({ bundle: Reference }),
  output: BundleView,
  faults: ['bundle_not_found'],
  on: async ({ db, input }) => {
    await needBundle(db, input.bundle)
    return DEPLOYMENT
  },
  run: async ({ db, input, sees }) => {
    const bundle = await needBundle(db, input.bundle)
    const ids = bundle.matrix.map(({ resource }) => resource)
    const names = new Map((await resourcesByIds(db, ids)).map((resource) => [resource.id, resource]))
    const resource = (id: string) => names.get(id)
    return { output: bundleView(seenLines(sees, resource)(bundle), { resource }), evidence: { bundle: bundle.id } }
  },
})
