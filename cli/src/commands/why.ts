import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { safeText } from '../safe-text.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve why ID`: the reason behind a decision, refusal, credential, grant, finding, identity or event. */
export const addWhy = (program: Command, around: Surroundings): void => {
  const why = program
    .command('why')
    .description('why something is as it is: a decision, refusal, credential, grant, finding, identity or event')
    .argument('<id>', 'the id that the message or the log gave')
    .addHelpText('after', '\nExample:\n  reeve why dec_0Yv1…')
    .action(async (id: string) => {
      const context = contextOf(around, why)
      const reason = await context.client.observe.why.show({ id })
      context.print(reason, () => {
        const lines = [
          reason.summary,
          ...reason.because.map((line) => `  because ${line}`),
          ...reason.policies.map(
            (policy) => `  policy  ${policy.id}${policy.origin === null ? '' : ` (${policy.origin})`}`,
          ),
          ...reason.missing.map((name) => `  missing ${name}`),
          ...(reason.wouldAllow === null
            ? []
            : ['what would allow it:', ...reason.wouldAllow.split('\n').map((line) => `    ${line}`)]),
          `next: ${reason.next}`,
        ]
        return `${lines.map(safeText).join('\n')}\n`
      })
    })
}
