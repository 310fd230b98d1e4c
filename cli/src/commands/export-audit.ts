import { rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { ReeveError } from '@reeve/sdk/client'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { currentSession } from '../session.ts'
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
    const options = command.opts<{ from: string; out?: string }>()
    const from = wholeNumber('--from', options.from, 0, Number.MAX_SAFE_INTEGER)
    const server = await context.server()
    const file = options.out === undefined ? undefined : await open(options.out, 'wx', 0o600)
    try {
      await take(context, server, from, file)
    } catch (error) {
      if (options.out !== undefined) rmSync(options.out, { force: true })
      throw error
    } finally {
      await file?.close()
    }
    if (options.out !== undefined)
      context.say(`written to ${options.out}; next: reeve audit verify ${options.out} --key audit.vkey`)
  },
}

const take = async (context: Context, server: string, from: number, file: FileHandle | undefined): Promise<void> => {
  const { around } = context
  const response = await fetch(`${server}/audit/export?fromSeq=${from}`, {
    headers: { authorization: `Bearer ${(await currentSession(around, server)).token}` },
    redirect: 'error',
  }).catch((cause: unknown) => {
    throw new ReeveError(0, { code: 'unreachable', detail: `${server} gave no answer` }, { cause })
  })
  if (!response.ok || response.body === null) throw new ReeveError(response.status, await problemOf(response))
  const write = file === undefined ? around.stream : async (piece: Uint8Array) => void (await file.write(piece))
  const reader = response.body.getReader()
  for (;;) {
    // Only the reading is the server's part; a disk that is full says so itself.
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new CommandError('the export broke off: what was written is not whole', {
        exitCode: 7,
        next: 'run it again',
        cause,
      })
    })
    if (done) return
    await write(value)
  }
}

const problemOf = async (response: Response): Promise<Record<string, unknown>> => {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? { ...body } : {}
}
