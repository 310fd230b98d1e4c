import type { CommandSpec } from '../command.ts'
import { safeText } from '../safe-text.ts'
import { currentSession } from '../session.ts'
import { showTime } from '../show-value.ts'

/** `reeve whoami`: who the server says that you are. */
export const whoami: CommandSpec = {
  examples: ['reeve whoami', 'reeve whoami --json'],
  output: {
    schema: {
      type: 'object',
      required: ['server', 'person', 'sessionExpiresAt'],
      properties: {
        server: { type: 'string' },
        person: {
          type: 'object',
          required: ['id', 'name', 'email', 'roles'],
          properties: {
            id: { type: 'string' },
            name: { type: 'string' },
            email: { type: 'string' },
            roles: { type: 'array' },
          },
        },
        sessionExpiresAt: { type: 'string' },
      },
    },
  },
  run: async (context) => {
    const server = await context.server()
    const person = await (await context.client()).lifecycle.person.show()
    const { expiresAt } = await currentSession(context.around, server)
    context.print({ server, person, sessionExpiresAt: expiresAt }, () => {
      const roles = person.roles.map(({ role, team }) => (team === null ? role : `${role} of ${team}`)).join(', ')
      const lines = [
        `${person.name} <${person.email}> (${person.id})`,
        `roles: ${roles === '' ? 'none' : roles}`,
        `server: ${server}, session until ${showTime(expiresAt)}`,
      ]
      return `${lines.map(safeText).join('\n')}\n`
    })
  },
}
