import type { CommandSpec } from '../command.ts'
import { readToken, TOKEN_ARGUMENT } from '../read-token.ts'
import { showStop } from '../show-stop.ts'

/** `reeve token revoke FILE`: ends one token for good. */
export const revokeToken: CommandSpec = {
  declare: (command) => command.argument(...TOKEN_ARGUMENT).requiredOption('--reason <text>', 'why; it is recorded'),
  examples: ['reeve token revoke token.jwt --reason "sent to the wrong chat"'],
  notes: 'A token that is at hand only by its jti: reeve api broker.token.revoke',
  output: { operation: 'broker.token.revoke' },
  run: async (context, command) => {
    const token = await readToken(context.around, command.args[0] ?? '-')
    const { reason } = command.opts<{ reason: string }>()
    const client = await context.client()
    const done = await client.broker.token.revoke({ token, reason })
    context.print(done, () => showStop(done, 'token', 'revoked'))
  },
}
