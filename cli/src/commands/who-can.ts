import type { CommandSpec } from '../command.ts'
import { safeText } from '../safe-text.ts'

/** `reeve who-can ACTION RESOURCE`: everybody who may do it now, and what allows it. */
export const whoCan: CommandSpec = {
  declare: (command) =>
    command.argument('<action>', 'for example orders.read').argument('<resource>', 'its name or URI'),
  examples: ['reeve who-can orders.write orders-api'],
  notes:
    'A simulation over the whole register: nothing is done. Facts of a request, such as its source, are not known.',
  output: { operation: 'policy.decision.who' },
  run: async (context, command) => {
    const [action = '', resource = ''] = command.args
    const client = await context.client()
    let page = await client.policy.decision.who({ action, resource, limit: 200 })
    const items = [...page.items]
    while (page.nextCursor !== null) {
      page = await client.policy.decision.who({ action, resource, limit: 200, cursor: page.nextCursor })
      items.push(...page.items)
    }
    context.print({ ...page, items }, () => {
      const lines = items.map(({ name, standing, by, missing, enforced }) =>
        [
          `  ${name}`,
          standing === 'yes' ? '' : `, where ${missing.join(', ')} allows it`,
          enforced ? '' : ', only because it is not enforced',
          by.length === 0 ? '' : ` (${by.join(', ')})`,
        ].join(''),
      )
      const why = page.because.length === 0 ? '' : `: ${page.because.join('; ')}`
      const head = items.length === 0 ? `nobody may ${action} on ${resource}${why}` : `${action} on ${resource}:`
      return [head, ...lines].map((line) => `${safeText(line)}\n`).join('')
    })
  },
}
