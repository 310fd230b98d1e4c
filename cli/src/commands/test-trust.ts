import type { CommandSpec } from '../command.ts'
import { readToken, TOKEN_ARGUMENT } from '../read-token.ts'
import { showValue } from '../show-value.ts'

/** `reeve trust test FILE`: which trust would accept a token of a platform, and why the others would not. */
export const testTrust: CommandSpec = {
  declare: (command) =>
    command
      .argument(...TOKEN_ARGUMENT)
      .option('--identity <identity>', 'look at the trusts of this identity only, by its id or name'),
  examples: ['reeve trust test token.jwt', 'reeve trust test - --identity orders-deploy < token.jwt'],
  output: { operation: 'broker.trust.test' },
  run: async (context, command) => {
    const token = await readToken(context.around, command.args[0] ?? '-')
    const { identity } = command.opts<{ readonly identity?: string }>()
    const client = await context.client()
    const answer = await client.broker.trust.test({ token, ...(identity === undefined ? {} : { identity }) })
    context.print(answer, () => showValue(answer, context.around.columns))
  },
}
