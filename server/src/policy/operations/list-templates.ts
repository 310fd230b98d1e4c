import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { operation } from '../room.ts'
import { BundleInput, ConditionsInput, ResourceInput } from '../shapes.ts'

/** A standard bundle, and what the resources that it names stand for. */
const Template = BundleInput.extend({
  conditions: ConditionsInput.describe('what a grant of it should say: from where, and when'),
  resources: z.array(ResourceInput.pick({ name: true, sensitivity: true, actions: true })),
})

const FILE = new URL('../standard-bundles.yaml', import.meta.url)

/** Lists the standard bundles, to be copied into a directory and filled with its own resources. */
export const listTemplates = operation.read({
  name: 'policy.template.list',
  summary: 'list the standard bundles, to copy and to fill with your own resources',
  input: z.strictObject({}),
  output: z.object({ items: z.array(Template), nextCursor: z.null() }),
  faults: [],
  on: () => DEPLOYMENT,
  run: async () => {
    // Seventy modules that nobody else here needs.
    const { parse } = await import('yaml')
    return { output: { items: z.array(Template).parse(parse(readFileSync(FILE, 'utf8'))), nextCursor: null } }
  },
})
