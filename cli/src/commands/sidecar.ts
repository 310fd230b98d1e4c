import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { safeText } from '../safe-text.ts'
import { declareWorkload, type WorkloadFlags } from '../workload-proof.ts'

interface Options extends WorkloadFlags {
  readonly file?: string
  readonly socket?: string
  readonly groupReadable?: boolean
}

/** `reeve sidecar`: keeps a valid token where other programs find it. */
export const sidecar: CommandSpec = {
  declare: (command) =>
    declareWorkload(command)
      .option('--file <path>', 'keep the token in this file; it is replaced whole')
      .option('--socket <path>', 'answer GET /token on this Unix socket')
      .option('--group-readable', "let the file's group read it, where the programs run as another user"),
  examples: [
    'reeve sidecar orders-sync --for https://orders.example/ \\\n    --key orders.jwk --file /run/orders/token',
    'curl --unix-socket /run/orders/reeve.sock http://reeve/token',
  ],
  notes: `It runs until it is stopped. The token is renewed at half its life; in an outage of the server the one that is there is kept for the rest of its life, and the server is asked again and again. A quarantine takes the token away at once.
The highest tier gets only tokens that are bound, to a key or a certificate that its programs must hold themselves: they use the SDK (\`dpop\`), or show the certificate of --cert.`,
  output: { schema: { type: 'object', description: 'nothing: it runs until it is stopped' } },
  run: async (context, command) => {
    const { around, say } = context
    const options = command.opts<Options>()
    if (options.file === undefined && options.socket === undefined)
      throw new CommandError('the token must be kept somewhere', { next: 'give --file PATH, --socket PATH or both' })
    const { workloadSource } = await import('../workload-source.ts')
    const { keepToken } = await import('../keep-token.ts')
    const source = await workloadSource(context, command.args[0] ?? '', options, { isLong: true })
    let stop = () => {}
    let isStopped = false
    const stopped = new Promise<void>((resolve) => {
      stop = () => {
        isStopped = true
        resolve()
      }
    })
    const letGo = around.takeSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], stop)
    try {
      const places = { file: options.file, socket: options.socket, isForGroup: options.groupReadable }
      const keeper = await keepToken(context, source, places, ({ expiresInSeconds }, { isFirst }) =>
        say(`reeve: there is a ${isFirst ? '' : 'new '}token, good for ${Math.floor(expiresInSeconds)} s`),
      )
      try {
        // What does not work at the start may work later: the server starts after this, or a quarantine ends. Nobody waits
        // for it: whoever stops the sidecar meanwhile is not kept waiting for a server that does not answer.
        source.token().catch((error: unknown) => {
          const why = safeText(error instanceof Error ? error.message : String(error))
          if (!isStopped) say(`reeve: no token yet: ${why}; trying on`)
        })
        await stopped
      } finally {
        await keeper.end()
      }
    } finally {
      letGo()
      source.close()
    }
  },
}
