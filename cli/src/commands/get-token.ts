import type { JWK } from 'jose'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { readInput, readSecret } from '../read-input.ts'
import type { Surroundings } from '../surroundings.ts'

interface Options {
  readonly for: string
  readonly key?: string
  readonly secretFile?: string
  readonly scope?: string
}

/** `reeve token get`: gets a token as a workload would. */
export const getToken: CommandSpec = {
  declare: (command) =>
    command
      .argument('<identity>', 'the id of the identity (nhi_…) or its name')
      .requiredOption('--for <uri>', 'the resource that the token is for')
      .option('--key <file>', 'the private key as a JWK, or - for standard input')
      .option('--secret-file <file>', 'the client secret, or - for standard input')
      .option('--scope <actions>', 'the actions, separated by spaces; all that is granted without it'),
  examples: ['reeve token get orders-sync --for https://orders.example/ --key orders.jwk'],
  output: {
    schema: {
      type: 'object',
      required: ['token', 'claims'],
      properties: { token: { type: 'string' }, claims: { type: 'object' } },
    },
  },
  run: async (context, command) => {
    const { around } = context
    const options = command.opts<Options>()
    const auth = await authOf(around, options)
    const { createTokenSource } = await import('@reeve/sdk')
    const { decodeJwt } = await import('jose')
    const source = createTokenSource({
      issuer: await context.server(),
      clientId: command.args[0] ?? '',
      auth,
      audience: options.for,
      ...(options.scope === undefined ? {} : { scope: options.scope }),
      feed: false,
      allowsPlainHttp: true,
      clock: around.clock,
      random: around.random,
    })
    try {
      const token = await source.token()
      context.print({ token, claims: decodeJwt(token) }, () => `${token}\n`)
    } finally {
      source.close()
    }
  },
}

const authOf = async (around: Surroundings, options: Options) => {
  if ((options.key === undefined) === (options.secretFile === undefined))
    throw new CommandError('the identity must prove itself, in one way', {
      next: 'give --key FILE or --secret-file FILE',
    })
  if (options.key === undefined) return { clientSecret: await readSecret(around, options.secretFile ?? '-') }
  const key: JWK = await readInput(around, options.key)
  if (typeof key.kty !== 'string' || typeof key.d !== 'string')
    throw new CommandError(`${options.key} holds no private key as a JWK`, {
      next: 'give the file that `reeve credential add --new-key FILE` wrote',
    })
  return { privateKey: key }
}
