import { decodeJwt } from 'jose'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { readToken, TOKEN_ARGUMENT } from '../read-token.ts'
import { showValue } from '../show-value.ts'

/** `reeve token show FILE`: what a token says. */
export const showToken: CommandSpec = {
  declare: (command) => command.argument(...TOKEN_ARGUMENT),
  examples: ['reeve token show token.jwt', 'reeve token show - < token.jwt'],
  notes: 'Nothing is verified here: `reeve token inspect` asks the server.',
  output: { schema: { type: 'object' } },
  run: async (context, command) => {
    const claims = claimsOf(await readToken(context.around, command.args[0] ?? '-'))
    context.print(claims, () => showValue(claims, context.around.columns))
  },
}

const claimsOf = (token: string): Record<string, unknown> => {
  try {
    return { ...decodeJwt(token) }
  } catch (cause) {
    throw new CommandError('that is not a JWT', {
      next: 'give the access token as `reeve token get` prints it',
      cause,
    })
  }
}
