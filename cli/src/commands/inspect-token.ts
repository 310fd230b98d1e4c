import type { CommandSpec } from '../command.ts'
import { readToken, TOKEN_ARGUMENT } from '../read-token.ts'
import { showValue } from '../show-value.ts'

/** `reeve token inspect FILE`: what the server says of a token. */
export const inspectToken: CommandSpec = {
  declare: (command) => command.argument(...TOKEN_ARGUMENT),
  examples: ['reeve token inspect token.jwt', 'reeve token inspect - < token.jwt'],
  output: { operation: 'broker.token.inspect' },
  run: async (context, command) => {
    const token = await readToken(context.around, command.args[0] ?? '-')
    const client = await context.client()
    const answer = await client.broker.token.inspect({ token })
    context.print(answer, () => showValue(answer, context.around.columns))
  },
}
