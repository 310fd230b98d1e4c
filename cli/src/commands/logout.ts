import type { CommandSpec } from '../command.ts'
import { forget, freshSession } from '../session.ts'

/** `reeve logout`: ends the session on the server, and forgets it and the device key here. */
export const logout: CommandSpec = {
  examples: ['reeve logout'],
  notes: 'A new login needs a new one-time code: `reeve person invite` makes one.',
  output: {
    schema: {
      type: 'object',
      required: ['server', 'wasLoggedIn', 'sessionEnded'],
      properties: {
        server: { type: 'string' },
        wasLoggedIn: { type: 'boolean' },
        sessionEnded: { type: 'boolean', description: 'whether the server was told' },
      },
    },
  },
  run: async (context) => {
    const { around } = context
    const server = await context.server()
    const hasSession = freshSession(around, server) !== undefined
    // What is forgotten here is forgotten, also when the server is away: its session then ends by itself.
    const sessionEnded = hasSession && (await endSession(context))
    const wasLoggedIn = forget(around, server)
    context.print({ server, wasLoggedIn, sessionEnded }, () => '')
    context.say(
      !wasLoggedIn
        ? `nobody was logged in to ${server} on this machine`
        : `logged out of ${server}${hasSession && !sessionEnded ? '; the server could not be told, its session ends by itself' : ''}`,
    )
  },
}

const endSession = async (context: Parameters<CommandSpec['run']>[0]): Promise<boolean> => {
  const client = await context.client()
  return client.lifecycle.session.end({}).then(
    () => true,
    () => false,
  )
}
