import { rmSync, writeFileSync } from 'node:fs'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readTime } from '../flag-value.ts'
import { type KeyLimitFlags, mustBeOfKey, secretOf } from '../key-limits.ts'
import { readInput } from '../read-input.ts'
import { safeText } from '../safe-text.ts'
import { showTime } from '../show-value.ts'

interface Options extends KeyLimitFlags {
  readonly newKey?: string
  readonly publicKey?: string
  readonly secret?: boolean
  readonly newSecret?: string
  readonly name?: string
  readonly expiresAt?: string
}

/** `reeve credential add`: a key pair, of which only the public half leaves this machine, or a secret. */
export const addCredential: CommandSpec = {
  declare: (command) =>
    command
      .argument('<identity>', 'its id or name')
      .option('--new-key <file>', 'make a key pair; its private half goes to this file (0600) and nowhere else')
      .option('--public-key <file>', 'a public key that you have, as a JWK; - for standard input')
      .option('--new-secret <file>', 'make a secret, written to this file (0600)')
      .option('--secret', 'make a secret and print it, once')
      .option('--kind <kind>', 'of the secret: client-secret (low risk only), or api-key')
      .option('--for <uri>', 'the one resource of an API key')
      .option('--action <name...>', 'what an API key may do there')
      .option('--network <cidr...>', 'from where an API key may be used')
      .option('--rate-per-minute <n>', 'how often an API key may be used, at each replica')
      .option('--name <text>', 'what you call it, such as where it is used')
      .option('--expires-at <time>', 'when it ends, such as 30d; as late as the tier allows without it'),
  examples: [
    'reeve credential add orders-sync --new-key orders-sync.jwk',
    'reeve credential add orders-sync --public-key public.jwk --expires-at 30d',
    'reeve credential add till --kind api-key --secret --for URI --action NAME',
  ],
  output: { operation: 'broker.credential.add' },
  run: async (context, command) => {
    const options = command.opts<Options>()
    const ways = WAYS.filter(([name]) => options[name] !== undefined)
    if (ways.length !== 1)
      throw new CommandError(
        ways.length === 0 ? 'say how it will prove itself' : 'say one way in which it will prove itself',
        {
          next: `give one of ${WAYS.map(([, flag]) => flag).join(', ')}`,
        },
      )
    mustBeOfKey(options, options.secret === true || options.newSecret !== undefined)
    const [identity = ''] = command.args
    const expiresAt = options.expiresAt === undefined ? {} : { expiresAt: momentOf(options.expiresAt, context) }
    const file = options.newKey ?? options.newSecret
    // The file comes first: a credential whose private half could not be kept would prove nothing.
    const holder = file === undefined ? undefined : reserve(file)
    try {
      const { proof, privateKey } = await proofOf(context, options)
      const client = await context.client()
      const name = options.name === undefined ? {} : { name: options.name }
      const made = await client.broker.credential.add({ identity, ...name, ...expiresAt, ...proof })
      const { secret, ...shown } = made
      if (privateKey !== undefined) holder?.write(`${JSON.stringify(privateKey)}\n`)
      if (options.newSecret !== undefined) holder?.write(`${secret}\n`)
      context.print(options.newSecret === undefined ? made : { ...shown, secret: null }, () => {
        const { id, kind, expiresAt: ends } = made.credential
        return `credential ${id} (${kind}) of ${safeText(identity)}, ends ${showTime(ends)}\n${
          options.secret === true ? `secret, shown once: ${secret}\n` : ''
        }`
      })
      if (file !== undefined)
        context.say(`${privateKey === undefined ? 'secret' : 'private key'}: ${file} (only this file has it)`)
      if (made.verdict !== 'preferred') context.say(`better for it: ${made.preferred.join(', ')}`)
      if (options.newKey !== undefined)
        context.say(`next: reeve token get ${identity} --for URI --key ${options.newKey}`)
    } catch (error) {
      holder?.drop()
      throw error
    }
  },
}

const WAYS = [
  ['newKey', '--new-key FILE'],
  ['publicKey', '--public-key FILE'],
  ['newSecret', '--new-secret FILE'],
  ['secret', '--secret'],
] as const

const momentOf = (text: string, { around }: Context): string => {
  const read = readTime(text, around.now())
  if ('problem' in read) throw new CommandError(`--expires-at ${read.problem}`)
  return String(read.value)
}

/** Makes the file, which must not be there, so that nothing that matters is written over. */
const reserve = (file: string) => {
  try {
    writeFileSync(file, '', { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (!exists) throw cause
    throw new CommandError(`${file} exists already, and what is in it may be needed`, {
      next: 'name another file',
      cause,
    })
  }
  return {
    write: (text: string) => writeFileSync(file, text, { mode: 0o600 }),
    drop: () => rmSync(file, { force: true }),
  }
}

const proofOf = async (context: Context, options: Options) => {
  if (options.secret === true || options.newSecret !== undefined) return { proof: secretOf(options) }
  if (options.publicKey !== undefined) {
    const publicKey = jwkOf(await readInput(context.around, options.publicKey))
    // Caught here, so that it does not travel before the server refuses it.
    if ('d' in publicKey || 'k' in publicKey)
      throw new CommandError(`${options.publicKey} holds a private key`, {
        next: 'give the public half only; the private one stays where it was made',
      })
    return { proof: { kind: 'public-key' as const, publicKey } }
  }
  const { exportJWK, generateKeyPair } = await import('jose')
  const pair = await generateKeyPair('ES256', { extractable: true })
  const publicKey = jwkOf({ ...(await exportJWK(pair.publicKey)), alg: 'ES256' })
  return {
    proof: { kind: 'public-key' as const, publicKey },
    privateKey: { ...(await exportJWK(pair.privateKey)), alg: 'ES256' },
  }
}

const jwkOf = (value: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
