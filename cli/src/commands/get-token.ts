import type { CommandSpec } from '../command.ts'
import { declareWorkload, type WorkloadFlags } from '../workload-proof.ts'

/** The flag that names who may act with a token. */
export const MAY_ACT = ['--may-act <id>', 'who alone may exchange the token, to act with it (nhi_…)'] as const

/** `reeve token get`: gets a token as a workload would. */
export const getToken: CommandSpec = {
  declare: (command) =>
    declareWorkload(command)
      .option(...MAY_ACT)
      .option('--dpop <file>', 'bind it to the key in this file, made if it is not there'),
  examples: [
    'reeve token get orders-sync --for https://orders.example/ --key orders.jwk',
    'reeve token get orders-sync --for https://orders.example/ --key orders.jwk \\\n    --dpop sender.jwk',
    'reeve token get orders-sync --for https://orders.example/ \\\n    --cert orders.crt --key orders.key',
  ],
  notes: `A token that is bound to a key (DPoP, RFC 9449) is good only with a proof of that key for each request: in a program of your own, \`createTokenSource()\` with \`dpop\` sends them. One that was asked for with --cert is bound to the certificate, and good only over connections that show it (\`mtls\`, \`curl --cert\`). The highest tier gets no other token, so its programs use one of the two; without --cert, \`exec\` and \`sidecar\` hand on plain tokens.`,
  output: {
    schema: {
      type: 'object',
      required: ['token', 'claims'],
      properties: { token: { type: 'string' }, claims: { type: 'object' } },
    },
  },
  run: async (context, command) => {
    const { workloadSource } = await import('../workload-source.ts')
    const { decodeJwt } = await import('jose')
    const { dpopKey } = await import('../dpop-key.ts')
    const options = command.opts<WorkloadFlags & { readonly dpop?: string }>()
    const source = await workloadSource(context, command.args[0] ?? '', options, {
      dpop: options.dpop === undefined ? false : await dpopKey(context.around, options.dpop),
    })
    try {
      const token = await source.token()
      context.print({ token, claims: decodeJwt(token) }, () => `${token}\n`)
    } finally {
      source.close()
    }
  },
}
