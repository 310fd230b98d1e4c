import type { CommandSpec } from '../command.ts'
import { declareWorkload, type WorkloadFlags } from '../workload-proof.ts'

/** `reeve token get`: gets a token as a workload would. */
export const getToken: CommandSpec = {
  declare: declareWorkload,
  examples: ['reeve token get orders-sync --for https://orders.example/ --key orders.jwk'],
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
    const source = await workloadSource(context, command.args[0] ?? '', command.opts<WorkloadFlags>())
    try {
      const token = await source.token()
      context.print({ token, claims: decodeJwt(token) }, () => `${token}\n`)
    } finally {
      source.close()
    }
  },
}
