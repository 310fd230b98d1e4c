import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { safeText } from '../safe-text.ts'

/** `reeve can WHO [ACTION RESOURCE]`: what the policy would answer now, with the reason; without an action, everything. */
export const can: CommandSpec = {
  declare: (command) =>
    command
      .argument('<who>', 'the identity')
      .argument('[action]', 'for example orders.read; left out, everything is listed')
      .argument('[resource]', 'its name or URI')
      .option('--source-ip <address>', 'where the request comes from; what is left out is not known')
      .option('--source-region <country>', 'the country of the address, such as DE')
      .option('--credential-kind <kind>', 'how the identity proves itself, such as public-key')
      .option('--credential-created-at <moment>', 'when the credential was made')
      .option('--instance <name>', 'the running copy that asks')
      .option('--is-sender-constrained', 'the token is bound to a key, as with DPoP')
      .option('--at <moment>', 'the moment to ask about; now, when left out')
      .option('--exit-code', 'exit 3 when the answer is no'),
  examples: [
    'reeve can orders-sync',
    'reeve can orders-sync orders.write orders-api',
    'reeve can orders-sync orders.write orders-api --source-ip 10.0.0.7 --exit-code',
  ],
  notes: 'A simulation: nothing is done. What an identity was granted: reeve grant list IDENTITY',
  output: { operations: ['policy.decision.can', 'policy.decision.reach'] },
  run: async (context, command) => {
    const [identity = '', action = '', resource = ''] = command.args
    if (action === '') return everything(context, identity)
    if (resource === '')
      throw new CommandError('an action is done to a resource', { next: `reeve can ${identity} ${action} RESOURCE` })
    const client = await context.client()
    const { exitCode, ...facts } = command.opts<Facts & { readonly exitCode?: boolean }>()
    const answer = await client.policy.decision.can({ identity, action, resource, ...facts })
    context.print(answer, () => {
      const verdict = answer.isAllowed
        ? answer.outcome === 'deny'
          ? 'yes, but only because it is not enforced'
          : 'yes'
        : 'no'
      const lines = [
        `${verdict}: ${identity} ${action} ${resource}`,
        ...answer.because.map((reason) => `  because ${reason}`),
        ...answer.policies.map(({ id, origin }) => `  policy  ${id}${origin === null ? '' : ` (${origin})`}`),
        ...answer.missing.map((name) => `  missing ${name}`),
        ...notGivenLines(answer),
        ...(answer.wouldAllow === null
          ? []
          : [
              'what would allow it:',
              ...answer.wouldAllow
                .trimEnd()
                .split('\n')
                .map((line) => `    ${line}`),
            ]),
      ]
      return lines.map((line) => `${safeText(line)}\n`).join('')
    })
    if (!answer.isAllowed && exitCode === true)
      throw new CommandError(`${identity} may not ${action} ${resource}`, {
        exitCode: 3,
        next: 'see above what would allow it',
      })
  },
}

/** What may be said of the request that is asked about. */
type Facts = Partial<Record<Exclude<keyof typeof FLAGS, 'isSenderConstrained'> | 'at', string>> & {
  readonly isSenderConstrained?: true
}

const FLAGS = {
  sourceIp: '--source-ip ADDRESS',
  sourceRegion: '--source-region COUNTRY',
  credentialKind: '--credential-kind KIND',
  credentialCreatedAt: '--credential-created-at MOMENT',
  instance: '--instance NAME',
  isSenderConstrained: '--is-sender-constrained',
} as const

const notGivenLines = (answer: { readonly isAllowed: boolean; readonly notGiven: readonly string[] }): string[] => {
  const facts = answer.notGiven
  if (facts.length === 0) return []
  const flags = facts.map((fact) => Object.entries(FLAGS).find(([name]) => name === fact)?.[1] ?? fact)
  const why = answer.isAllowed ? 'may be refused' : 'may be allowed'
  return [`  it ${why} by what was not said (${facts.join(', ')}); ask with that: ${flags.join(' ')}`]
}

const everything = async (context: Context, identity: string): Promise<void> => {
  const client = await context.client()
  const answer = await client.policy.decision.reach({ identity })
  context.print(answer, () => {
    const lines = answer.items.map(({ resource, action, standing, by, missing, enforced }) =>
      [
        `  ${action} on ${resource}`,
        standing === 'yes' ? '' : `, where ${missing.join(', ')} allows it`,
        enforced ? '' : ', only because it is not enforced',
        by.length === 0 ? '' : ` (${by.join(', ')})`,
      ].join(''),
    )
    const head = answer.items.length === 0 ? `${identity} may do nothing` : `${identity} may do:`
    const rest = answer.isComplete ? [] : ['  and more than is listed']
    return [head, ...lines, ...rest].map((line) => `${safeText(line)}\n`).join('')
  })
}
