import { askApproval } from '../ask-approval.ts'
import type { CommandSpec } from '../command.ts'
import { readInput } from '../read-input.ts'

/** `reeve request OPERATION`: asks for the approval of one exact call. */
export const request: CommandSpec = {
  declare: (command) =>
    command
      .argument('<operation>', 'for example policy.grant.create')
      .requiredOption('--body <file>', 'the exact input that is to be approved, as JSON, or -')
      .requiredOption('--reason <text>', 'why it is needed'),
  examples: ['reeve request policy.grant.create --body grant.json --reason "new warehouse"'],
  notes: 'Commands that may need an approval take --ask-approval, which does the same for them.',
  output: { operation: 'lifecycle.approval.request' },
  run: async (context, command) => {
    const { body, reason } = command.opts<{ body: string; reason: string }>()
    await askApproval(context, command.args[0] ?? '', await readInput(context.around, body), reason)
  },
}
