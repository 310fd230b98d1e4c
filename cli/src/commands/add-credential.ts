import { CERTIFICATE_FLAGS, certificateOf } from '../certificate-flags.ts'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { type KeyLimitFlags, mustBeOfKey, secretOf } from '../key-limits.ts'
import { declareProof, isSecret, momentOf, needOneWay, type ProofFlags, sayWhere, withNewProof } from '../new-proof.ts'
import { safeText } from '../safe-text.ts'
import { showTime } from '../show-value.ts'

interface Options extends KeyLimitFlags, ProofFlags {
  readonly name?: string
  readonly expiresAt?: string
}

/** `reeve credential add`: a key pair, of which only the public half leaves this machine, or a secret. */
export const addCredential: CommandSpec = {
  declare: (command) => {
    declareProof(command.argument('<identity>', 'its id or name'))
      .option(
        '--kind <kind>',
        'of a secret: client-secret (low risk only), api-key, webhook-secret, bound-key; of a public key: self-signed-tls',
      )
      .option('--for <uri>', 'the one resource of an API key, or that takes the webhooks')
      .option('--jwks-uri <url>', 'the address of a key set, whose keys may change')
      .option('--action <name...>', 'what an API key or a webhook may do there')
      .option('--network <cidr...>', 'from where an API key may be used')
      .option('--rate-per-minute <n>', 'how often an API key may be used, at each replica')
      .option('--name <text>', 'what you call it, such as where it is used')
      .option('--expires-at <time>', 'when it ends, such as 30d; as late as the tier allows without it')
    for (const [flag, text] of CERTIFICATE_FLAGS) command.option(flag, text)
    return command
  },
  examples: [
    'reeve credential add orders-sync --new-key orders-sync.jwk',
    'reeve credential add orders-sync --public-key public.jwk --expires-at 30d',
    'reeve credential add sync --jwks-uri https://acme.example/jwks.json',
    'reeve credential add orders-sync --certificate orders.crt',
    'reeve credential add orders-sync --san-dns orders-sync.acme.example',
    'reeve credential add till --kind api-key --secret --for URI --action NAME',
    'reeve credential add till --kind bound-key --new-secret join.txt',
    'reeve credential add s --kind webhook-secret --secret --for URI --action A',
  ],
  output: { operation: 'broker.credential.add' },
  run: async (context, command) => {
    const options = command.opts<Options>()
    needOneWay(command)
    mustBeOfKey(options, isSecret(options), kindsOf(options))
    const [identity = ''] = command.args
    const ends =
      options.expiresAt === undefined ? {} : { expiresAt: momentOf('--expires-at', options.expiresAt, context) }
    const name = options.name === undefined ? {} : { name: options.name }
    const made = await withNewProof(context, options, async (publicKey) => {
      const proof = await proofOf(context, options, publicKey)
      const client = await context.client()
      return client.broker.credential.add({ identity, ...name, ...ends, ...proof })
    })
    context.print(options.newSecret === undefined ? made : { ...made, secret: null }, () => {
      const { id, kind, expiresAt } = made.credential
      return `credential ${id} (${kind}) of ${safeText(identity)}, ends ${showTime(expiresAt)}\n${
        options.secret === true ? `secret, shown once: ${made.secret}\n` : ''
      }`
    })
    sayWhere(context, options)
    if (made.verdict !== 'preferred') context.say(`better for it: ${made.preferred.join(', ')}`)
    if (made.credential.kind === 'bound-key')
      context.say(
        `next, within an hour: reeve token get ${identity} --for URI --proof bound-key:STATE-FILE --secret-file FILE`,
      )
    if (options.newKey !== undefined) context.say(`next: reeve token get ${identity} --for URI --key ${options.newKey}`)
  },
}

const PUBLIC_KEY = 'public-key' as const
const CERTIFICATE = 'self-signed-tls' as const

/** The kinds that may be said of what is no secret. */
const kindsOf = ({ publicKey, newKey, jwksUri, certificate }: Options): readonly string[] => {
  if (publicKey !== undefined) return [PUBLIC_KEY, CERTIFICATE]
  if (newKey !== undefined || jwksUri !== undefined) return [PUBLIC_KEY]
  return [certificate === undefined ? 'tls-client-auth' : CERTIFICATE]
}

const proofOf = async (context: Context, options: Options, publicKey: Record<string, string> | undefined) => {
  if (publicKey !== undefined) return { kind: options.kind === CERTIFICATE ? CERTIFICATE : PUBLIC_KEY, publicKey }
  if (options.jwksUri !== undefined) return { kind: PUBLIC_KEY, jwksUri: options.jwksUri }
  return (await certificateOf(context.around, options)) ?? secretOf(options)
}
