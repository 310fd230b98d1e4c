import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { enrol, forget, openSession, serverOf } from '../session.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve login`, `reeve logout`, `reeve whoami`. */
export const addLogin = (program: Command, around: Surroundings): void => {
  const login = program
    .command('login')
    .description('become a person of this server with a one-time code, or open a new session on this machine')
    .option('--code <code>', 'the one-time enrolment code; the server prints the first one')
    .option('--name <name>', 'your name')
    .option('--email <email>', 'your address')
    .addHelpText('after', '\nExample:\n  reeve login --code CODE --name "Ada Byron" --email ada@example.com')
    .action(async () => {
      const { say } = contextOf(around, login)
      const { code, name, email } = login.opts<{ code?: string; name?: string; email?: string }>()
      if (code === undefined) {
        const session = await openSession(around)
        return say(`logged in to ${session.server} until ${session.expiresAt}\nnext: reeve status`)
      }
      if (name === undefined || email === undefined)
        throw new CommandError('the first login needs your name and address', {
          next: 'reeve login --code CODE --name "Ada Byron" --email ada@example.com',
        })
      const server = serverOf(around, login.optsWithGlobals<{ server?: string }>().server)
      const session = await enrol(around, server, code, name, email)
      say(`logged in to ${session.server} until ${session.expiresAt}\nnext: reeve status`)
    })
  program
    .command('logout')
    .description('forget the session and the device key of this machine')
    .action(() => {
      forget(around)
      around.err('forgotten; a new login needs a new one-time code\n')
    })
}
