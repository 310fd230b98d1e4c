import { askServer } from '../ask-server.ts'
import type { CommandSpec } from '../command.ts'
import { CommandError } from '../exit-code.ts'
import { safeText } from '../safe-text.ts'
import { freshSession, hasDevice } from '../session.ts'
import { showTime } from '../show-value.ts'

/** `reeve status`: is the server there and ready, and am I logged in. */
export const status: CommandSpec = {
  examples: ['reeve status', 'reeve status --server https://reeve.example.com --json'],
  output: {
    schema: {
      type: 'object',
      required: ['server', 'status', 'loggedInUntil'],
      properties: {
        server: { type: 'string' },
        status: { enum: ['ok', 'starting', 'stopping', 'sealed', 'set-back'] },
        detail: { type: 'string' },
        loggedInUntil: { type: ['string', 'null'] },
      },
    },
  },
  run: async (context) => {
    const { around } = context
    const server = await context.server()
    const { body } = await askServer(around, server, '/healthz')
    if (typeof body.status !== 'string')
      throw new CommandError(`${server} does not answer as a Reeve server does`, { exitCode: 2, next: 'check the URL' })
    const loggedInUntil = freshSession(around, server)?.expiresAt ?? null
    const login =
      loggedInUntil !== null
        ? `logged in until ${showTime(loggedInUntil)}`
        : hasDevice(around, server)
          ? 'enrolled; the next command opens a session'
          : 'not logged in'
    context.print(
      { server, ...body, loggedInUntil },
      () => `${safeText(`${server}: ${String(body.status)}; ${login}`)}\n`,
    )
    if (body.status !== 'ok')
      throw new CommandError(String(body.detail ?? 'the server is not ready'), {
        exitCode: 7,
        next: NEXT[body.status] ?? 'wait a moment and try again',
      })
  },
}

const NEXT: Readonly<Record<string, string>> = {
  sealed: 'start it with its key-encryption key',
  'set-back': "look at the server's own log, and restore the newest database",
}
