import { createTokenSource } from '@reeve/sdk'
import type { Command } from 'commander'
import { decodeJwt, type JWK } from 'jose'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readInput, readText } from '../read-input.ts'
import { showValue } from '../show-value.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve token get|show`: get a token as a workload would, and read one. */
export const addToken = (program: Command, around: Surroundings): void => {
  const token = program.command('token').description('everything about tokens').exitOverride()
  const get = token
    .command('get')
    .description('get an access token as an identity, with its private key or its secret')
    .argument('<identity>', 'the id of the identity (nhi_…) or its name')
    .requiredOption('--for <uri>', 'the resource that the token is for')
    .option('--key <file>', 'the private key as a JWK, or - for standard input')
    .option('--secret-file <file>', 'the client secret, or - for standard input')
    .option('--scope <actions>', 'the actions, separated by spaces; all that is granted without it')
    .addHelpText(
      'after',
      '\nExample:\n  reeve token get orders-sync --for https://orders.example --key orders-sync.jwk',
    )
    .action(async (identity: string) => {
      const context = contextOf(around, get)
      const options = get.opts<{ for: string; key?: string; secretFile?: string; scope?: string }>()
      const source = createTokenSource({
        issuer: context.server,
        clientId: identity,
        auth: await authOf(around, options),
        audience: options.for,
        ...(options.scope === undefined ? {} : { scope: options.scope }),
        feed: false,
        allowsPlainHttp: true,
        clock: around.clock,
        random: around.random,
      })
      try {
        const issued = await source.token()
        context.print({ token: issued, claims: decodeJwt(issued) }, () => `${issued}\n`)
      } finally {
        source.close()
      }
    })
  const show = token
    .command('show')
    .description('what a token says; it is not checked (use inspect for that)')
    .argument('<token>', 'the token, or - for standard input')
    .action(async (given: string) => {
      const context = contextOf(around, show)
      const text = given === '-' ? (await readText(around, '-')).trim() : given
      const claims = claimsOf(text)
      context.print(claims, () => showValue(claims, around.columns))
    })
}

const authOf = async (around: Surroundings, options: { key?: string; secretFile?: string }) => {
  if (options.key !== undefined) {
    const key: JWK = await readInput(around, options.key)
    return { privateKey: key }
  }
  if (options.secretFile !== undefined) return { clientSecret: (await readText(around, options.secretFile)).trim() }
  throw new CommandError('the identity must prove itself', { next: 'give --key FILE or --secret-file FILE' })
}

const claimsOf = (token: string): Record<string, unknown> => {
  try {
    return { ...decodeJwt(token) }
  } catch {
    throw new CommandError('that is not a JWT', { next: 'give the access token as `reeve token get` prints it' })
  }
}
