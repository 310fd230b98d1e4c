import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { safeText } from '../safe-text.ts'

/** `reeve why ID`: the reason behind a decision, refusal, token, credential, grant, finding, identity, event, request or approval. */
export const why: CommandSpec = {
  declare: (command) => command.argument('<id>', 'the id that the message or the log gave'),
  examples: ['reeve why dec_7Zq2dM4s', 'reeve why req_7Zq2dM4s'],
  notes: 'For a decision, refusal, token, credential, grant, finding, identity, event, request or approval.',
  output: { operation: 'observe.why.show' },
  run: async (context, command) => {
    const [id = ''] = command.args
    if (!/^[a-z]{2,6}_[\w-]+(?:\.\d{1,4})?$/.test(id))
      throw new CommandError(`\`${id}\` is no id: ids read like dec_7Zq2dM4s`, {
        next: 'take the id from the message, the log, or a list such as `reeve finding list`',
      })
    const client = await context.client()
    const reason = await client.observe.why.show({ id })
    context.print(reason, () => {
      const lines = [
        reason.summary,
        ...reason.because.map((line) => `  because ${line}`),
        ...reason.policies.map(({ id, origin }) => `  policy  ${id}${origin === null ? '' : ` (${origin})`}`),
        ...reason.missing.map((name) => `  missing ${name}`),
        ...(reason.wouldAllow === null
          ? []
          : [
              'what would allow it:',
              ...reason.wouldAllow
                .trimEnd()
                .split('\n')
                .map((line) => `    ${line}`),
            ]),
      ]
      return lines.map((line) => `${safeText(line)}\n`).join('')
    })
    context.say(safeText(`next: ${reason.next}`))
  },
}
