import type { CommandSpec } from '../command.ts'
import { answerSchema } from '../output-schema.ts'
import { accessSection, objectSection } from '../plan-lines.ts'
import { safeText } from '../safe-text.ts'

/** `reeve show-plan PLAN`: what a kept plan would do, for whoever is to approve it. */
export const showPlan: CommandSpec = {
  declare: (command) => command.argument('<plan>', 'its id, as the request for approval names it'),
  examples: ['reeve show-plan pln_AaIYIWjaFbrh9A_s85w4pg'],
  notes:
    'Whose roles are of teams sees what belongs to these. `reeve approval show ID` names the plan that is approved.',
  output: { schema: shownSchema() },
  run: async (context, command) => {
    const client = await context.client()
    const plan = command.args[0] ?? ''
    const shown = await client.policy.plan.show({ plan })
    const access = await client.policy.access.compare({ plan })
    context.print({ ...shown, access }, () => {
      const hidden = shown.hidden === 0 ? [] : [`${shown.hidden} changes of what belongs to others are not shown`]
      const sections = [
        { title: `plan ${shown.plan} of ${shown.directory}, made ${shown.at}`, lines: hidden },
        {
          title: 'look at these first',
          lines: [
            ...shown.needsApproval.map((why) => `! needs an approval: ${why}`),
            ...access.callouts.filter(({ kind }) => kind !== 'approval').map(({ text }) => `! ${text}`),
          ],
        },
        objectSection(shown),
        accessSection({ access }),
      ]
      return sections
        .flatMap(({ title, lines }) => [title, ...lines.map((line) => `  ${line}`)])
        .map((line) => `${safeText(line)}\n`)
        .join('')
    })
  },
}

function shownSchema() {
  const { properties, required, ...rest } = Object(answerSchema('policy.plan.show'))
  return {
    ...rest,
    required: [...(Array.isArray(required) ? required : []), 'access'],
    properties: { ...Object(properties), access: answerSchema('policy.access.compare') },
  }
}
