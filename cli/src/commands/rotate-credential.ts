import { certificateOf } from '../certificate-flags.ts'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { declareProof, momentOf, needOneWay, type ProofFlags, sayWhere, withNewProof } from '../new-proof.ts'
import { safeText } from '../safe-text.ts'
import { showTime } from '../show-value.ts'
import { wholeNumber } from '../whole-number.ts'

interface Options extends ProofFlags {
  readonly expiresAt?: string
  readonly deadline?: string
  readonly atDeadline?: string
  readonly windowDays?: string
  readonly reason?: string
}

/** `reeve credential rotate`: makes the next credential; the old one works until all who use it have moved. */
export const rotateCredential: CommandSpec = {
  declare: (command) =>
    declareProof(command.argument('<credential>', 'its id, or the identity, where that has one'))
      .option('--certificate <file>', 'the new certificate that it shows (self-signed-tls), in PEM')
      .option('--deadline <time>', 'when the old one ends at the latest, such as 3d')
      .option('--at-deadline <what>', 'if somebody has not moved then: retire, keep-and-find')
      .option('--window-days <n>', 'whoever used it in so many days is waited for (7)')
      .option('--expires-at <time>', 'when the new one ends, such as 30d')
      .option('--reason <text>', 'why, for the record'),
  examples: [
    'reeve credential rotate orders-sync --new-key orders-sync-2.jwk',
    'reeve credential rotate crd_7Zq2dM4s --new-secret next.txt --deadline 2d',
  ],
  notes: 'Who has moved: reeve credential show ID. To take it back: reeve credential rollback.',
  output: { operation: 'broker.credential.rotate' },
  run: async (context, command) => {
    const options = command.opts<Options>()
    needOneWay(command)
    const input = inputOf(options, context)
    const [named = ''] = command.args
    const credential = await credentialOf(context, named)
    const made = await withNewProof(context, options, async (publicKey) => {
      const client = await context.client()
      const key = publicKey === undefined ? {} : { publicKey }
      const shown = await certificateOf(context.around, options)
      const certificate = shown?.kind === 'self-signed-tls' ? { certificate: shown.certificate } : {}
      return client.broker.credential.rotate({ credential, ...input, ...key, ...certificate })
    })
    context.print(options.newSecret === undefined ? made : { ...made, secret: null }, () => {
      const { id, kind, expiresAt, rotation } = made.credential
      const deadline = rotation === null ? '' : `, at the latest ${showTime(rotation.deadline)}`
      return `${[
        `credential ${id} (${kind}), ends ${showTime(expiresAt)}`,
        `replaces ${made.replaces.id}, which works until all who use it have moved${deadline}`,
        ...(options.secret === true ? [`secret, shown once: ${made.secret}`] : []),
      ].join('\n')}\n`
    })
    sayWhere(context, options)
    context.say(`next: give it to whoever uses the old one, then: reeve credential show ${made.replaces.id}`)
  },
}

const inputOf = ({ expiresAt, deadline, atDeadline, windowDays, reason }: Options, context: Context) => ({
  ...(expiresAt === undefined ? {} : { expiresAt: momentOf('--expires-at', expiresAt, context) }),
  ...(deadline === undefined ? {} : { deadline: momentOf('--deadline', deadline, context) }),
  ...(atDeadline === undefined ? {} : { atDeadline: atDeadlineOf(atDeadline) }),
  ...(windowDays === undefined ? {} : { windowDays: wholeNumber('--window-days', windowDays, 1, 30) }),
  ...(reason === undefined ? {} : { reason }),
})

const AT_DEADLINE = ['retire', 'keep-and-find'] as const

const atDeadlineOf = (text: string): (typeof AT_DEADLINE)[number] => {
  const found = AT_DEADLINE.find((each) => each === text)
  if (found === undefined) throw new CommandError(`--at-deadline must be one of ${AT_DEADLINE.join(', ')}`)
  return found
}

/** The credential itself, or the one that the identity has to rotate; which of several is meant is not guessed. */
const credentialOf = async (context: Context, named: string): Promise<string> => {
  if (named.startsWith('crd_')) return named
  const client = await context.client()
  const { items } = await client.broker.credential.list({ identity: named, state: 'active', limit: 100 })
  const rotatable = items.filter(({ actions }) => actions.includes('rotate'))
  const [only] = rotatable
  if (only !== undefined && rotatable.length === 1) return only.id
  const running = items.find(({ rotation }) => rotation?.state === 'overlap')
  if (only === undefined && running !== undefined)
    throw new CommandError(
      `${safeText(named)} has no other credential to rotate than one that is being rotated already`,
      {
        exitCode: 6,
        lines: [`${running.rotation?.predecessor} is replaced by ${running.rotation?.successor}`],
        next: `wait until that ends (\`reeve credential show ${running.rotation?.predecessor}\`), or take it back: reeve credential rollback ${running.rotation?.predecessor}`,
      },
    )
  throw new CommandError(
    `${safeText(named)} has ${rotatable.length === 0 ? 'no credential' : `${rotatable.length} credentials`} to rotate`,
    {
      lines: rotatable.map(({ id, kind, name }) => `${id} ${kind} ${safeText(name)}`.trimEnd()),
      next: rotatable.length === 0 ? `look: reeve credential list ${named}` : 'name one by its id',
    },
  )
}
