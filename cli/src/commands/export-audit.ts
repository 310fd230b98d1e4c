import { createWriteStream } from 'node:fs'
import { ReeveError } from '@reeve/sdk/client'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { currentSession } from '../session.ts'
import type { Surroundings } from '../surroundings.ts'
import { wholeNumber } from '../whole-number.ts'

/** `reeve audit export`: the log with its signed checkpoints, one JSON a line. */
export const exportAudit: CommandSpec = {
  declare: (command) =>
    command
      .option('--from <seq>', 'the first entry', '0')
      .option('--out <file>', 'write to this file (0600, must not exist) instead of standard output'),
  examples: ['reeve audit export > audit.ndjson', 'reeve audit export --out audit.ndjson'],
  notes: 'Always one JSON a line (NDJSON). `reeve audit verify` proves it, without a server.',
  output: { schema: { description: 'a line of the export', type: 'object' } },
  run: async (context, command) => {
    const { around } = context
    const options = command.opts<{ from: string; out?: string }>()
    const from = wholeNumber('--from', options.from, 0, Number.MAX_SAFE_INTEGER)
    const server = await context.server()
    const response = await fetch(`${server}/audit/export?fromSeq=${from}`, {
      headers: { authorization: `Bearer ${(await currentSession(around, server)).token}` },
      redirect: 'error',
    }).catch((cause: unknown) => {
      throw new ReeveError(0, { code: 'unreachable', detail: `${server} gave no answer` }, { cause })
    })
    if (!response.ok || response.body === null) throw new ReeveError(response.status, await problemOf(response))
    const write = options.out === undefined ? around.stream : fileWriter(options.out)
    try {
      for await (const piece of response.body) await write(piece)
    } catch (cause) {
      if (cause instanceof Error && 'syscall' in cause && 'path' in cause) throw cause
      throw new CommandError('the export broke off: what was written is not whole', {
        exitCode: 7,
        next: 'run it again',
        cause,
      })
    }
    if (options.out !== undefined) context.say(`written to ${options.out}; next: reeve audit verify ${options.out}`)
  },
}

const problemOf = async (response: Response): Promise<Record<string, unknown>> => {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? { ...body } : {}
}

const fileWriter = (file: string): Surroundings['stream'] => {
  const stream = createWriteStream(file, { mode: 0o600, flags: 'wx' })
  return (piece) =>
    new Promise((resolve, reject) => {
      stream.once('error', reject)
      stream.write(piece, (error) => {
        stream.off('error', reject)
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
}
