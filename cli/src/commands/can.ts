import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { safeText } from '../safe-text.ts'

/** `reeve can WHO ACTION RESOURCE`: what the policy would answer now, with the reason. */
export const can: CommandSpec = {
  declare: (command) =>
    command
      .argument('<who>', 'the identity')
      .argument('<action>', 'for example orders.read')
      .argument('<resource>', 'its name or URI')
      .option('--exit-code', 'exit 3 when the answer is no'),
  examples: [
    'reeve can orders-sync orders.write orders-api',
    'reeve can orders-sync orders.write orders-api --exit-code',
  ],
  notes: 'A simulation: nothing is done. What an identity was granted: reeve grant list IDENTITY',
  output: { operation: 'policy.decision.can' },
  run: async (context, command) => {
    const [identity = '', action = '', resource = ''] = command.args
    const client = await context.client()
    const answer = await client.policy.decision.can({ identity, action, resource })
    context.print(answer, () => {
      const verdict = answer.isAllowed
        ? answer.outcome === 'deny'
          ? 'yes, but only because it is not enforced'
          : 'yes'
        : 'no'
      const lines = [
        `${verdict}: ${identity} ${action} ${resource}`,
        `  because ${answer.because}`,
        ...answer.policies.map(({ id, origin }) => `  policy  ${id}${origin === null ? '' : ` (${origin})`}`),
        ...answer.missing.map((name) => `  missing ${name}`),
        ...(answer.wouldAllow === null
          ? []
          : [
              'what would allow it:',
              ...answer.wouldAllow
                .trimEnd()
                .split('\n')
                .map((line) => `    ${line}`),
            ]),
      ]
      return lines.map((line) => `${safeText(line)}\n`).join('')
    })
    if (!answer.isAllowed && command.opts<{ exitCode?: boolean }>().exitCode === true)
      throw new CommandError(`${identity} may not ${action} ${resource}`, {
        exitCode: 3,
        next: 'see above what would allow it',
      })
  },
}
