import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { exportJWK, generateKeyPair } from 'jose'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../safe-text.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve credential add`: gives an identity a key pair, of which only the public half leaves this machine, or a secret. */
export const addCredential = (program: Command, around: Surroundings): void => {
  const credential = program.command('credential').description('everything about credentials').exitOverride()
  const add = credential
    .command('add')
    .description('give an identity a way to prove itself')
    .argument('<identity>', 'its id or name')
    .option('--new-key <file>', 'make a key pair; the private half is written to this file and goes nowhere else')
    .option('--public-key <file>', 'a public key that you have, as a JWK')
    .option('--secret', 'a client secret, shown once (low risk only)')
    .option('--name <text>', 'what you call it, such as where it is used', '')
    .option('--expires-at <time>', 'when it ends; as late as the tier allows without it')
    .addHelpText('after', '\nExample:\n  reeve credential add orders-sync --new-key orders-sync.jwk')
    .action(async (identity: string) => {
      const context = contextOf(around, add)
      const options = add.opts<AddOptions>()
      const proof = await proofOf(around, options)
      const made = await context.client.broker.credential.add({
        identity,
        name: options.name,
        ...(options.expiresAt === undefined ? {} : { expiresAt: options.expiresAt }),
        ...proof,
      })
      context.print(made, () =>
        [
          `credential ${made.credential.id} (${made.credential.kind}) of ${safeText(identity)}, ends ${made.credential.expiresAt}`,
          ...(options.newKey === undefined ? [] : [`private key: ${options.newKey} (only this file has it)`]),
          ...(made.secret === null ? [] : [`secret, shown once: ${made.secret}`]),
          ...(made.verdict === 'preferred' ? [] : [`better for it: ${made.preferred.join(', ')}`]),
          '',
        ].join('\n'),
      )
    })
}

interface AddOptions {
  readonly newKey?: string
  readonly publicKey?: string
  readonly secret?: boolean
  readonly name: string
  readonly expiresAt?: string
}

const proofOf = async (around: Surroundings, options: AddOptions) => {
  if (options.secret === true) return { kind: 'client-secret' as const }
  if (options.publicKey !== undefined)
    return { kind: 'public-key' as const, publicKey: jwkOf(await readInput(around, options.publicKey)) }
  if (options.newKey === undefined)
    throw new CommandError('say how it will prove itself', {
      next: 'give --new-key FILE, --public-key FILE or --secret',
    })
  const pair = await generateKeyPair('ES256', { extractable: true })
  const key = { ...(await exportJWK(pair.privateKey)), alg: 'ES256' }
  try {
    writeFileSync(options.newKey, `${JSON.stringify(key)}\n`, { mode: 0o600, flag: 'wx' })
  } catch {
    throw new CommandError(`${options.newKey} exists already or cannot be written`, { next: 'name another file' })
  }
  return { kind: 'public-key' as const, publicKey: jwkOf({ ...(await exportJWK(pair.publicKey)), alg: 'ES256' }) }
}

const jwkOf = (value: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
