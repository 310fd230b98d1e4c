import type { CommandSpec } from '../command.ts'
import { readToken } from '../read-token.ts'
import { declareWorkload, type WorkloadFlags } from '../workload-proof.ts'
import { getToken, MAY_ACT } from './get-token.ts'

/** `reeve token exchange`: gets a token to act with for the subject of another (RFC 8693). */
export const exchangeToken: CommandSpec = {
  declare: (command) =>
    declareWorkload(command)
      .requiredOption('--subject-token <file>', 'the token that was handed over, or - for standard input')
      .option(...MAY_ACT),
  examples: [
    'reeve token exchange worker --for https://orders.example/ --key worker.jwk \\\n    --subject-token token.jwt',
  ],
  output: getToken.output,
  run: async (context, command) => {
    const { workloadSource } = await import('../workload-source.ts')
    const { decodeJwt } = await import('jose')
    const flags = command.opts<WorkloadFlags & { readonly subjectToken: string }>()
    const subject = await readToken(context.around, flags.subjectToken)
    const exchange = { subjectToken: async () => subject }
    const source = await workloadSource(context, command.args[0] ?? '', flags, { exchange })
    try {
      const token = await source.token()
      context.print({ token, claims: decodeJwt(token) }, () => `${token}\n`)
    } finally {
      source.close()
    }
  },
}
