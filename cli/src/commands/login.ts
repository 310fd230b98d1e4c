import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readSecret } from '../read-input.ts'
import { enrol, hasDevice, openSession } from '../session.ts'
import { showTime } from '../show-value.ts'

interface Options {
  readonly code?: string
  readonly name?: string
  readonly email?: string
}

/** `reeve login`: enrols this machine with a one-time code, or opens a new session with its device key. */
export const login: CommandSpec = {
  declare: (command) =>
    command
      .option('--code <code>', 'the one-time code, or - for standard input; the server prints the first one')
      .option('--name <name>', 'your name, with a code')
      .option('--email <email>', 'your address, with a code'),
  examples: ['reeve login', 'reeve login --code - --name "Ada Byron" --email ada@example.com < code'],
  notes: 'A code works once. Sessions end by themselves; the device key opens the next one.',
  output: {
    schema: {
      type: 'object',
      required: ['server', 'person', 'expiresAt'],
      properties: { server: { type: 'string' }, person: { type: 'string' }, expiresAt: { type: 'string' } },
    },
  },
  run: async (context, command) => {
    const { around } = context
    const server = await context.server()
    const options = command.opts<Options>()
    const isNew = options.code !== undefined || !hasDevice(around, server)
    warnOfPlainHttp(context, server)
    const session = isNew
      ? await enrol(around, server, await whoEnrols(context, server, options))
      : await openSession(around, server)
    const { person, expiresAt } = session
    context.print({ server, person, expiresAt }, () => '')
    context.say(`logged in to ${server} until ${showTime(expiresAt)}\nnext: reeve status`)
  },
}

const whoEnrols = async (context: Context, server: string, options: Options) => {
  const { around, mayAsk } = context
  const missing = (['code', 'name', 'email'] as const).filter((name) => options[name] === undefined)
  if (missing.length > 0 && !mayAsk)
    throw new CommandError(
      missing.includes('code')
        ? `nobody has logged in to ${server} on this machine, so that a one-time code is needed`
        : `with a code, ${missing.map((name) => `--${name}`).join(' and ')} must be given`,
      {
        exitCode: missing.includes('code') ? 4 : 1,
        next: 'reeve login --code - --name "Ada Byron" --email ada@example.com',
      },
    )
  const code = options.code ?? (await ask(context, 'One-time code (the server prints the first one)', true))
  return {
    code: code === '-' ? await readSecret(around, '-') : code,
    name: options.name ?? (await ask(context, 'Your name', false)),
    email: options.email ?? (await ask(context, 'Your email address', false)),
  }
}

const ask = async ({ around }: Context, message: string, isSecret: boolean): Promise<string> => {
  const { isCancel, password, text } = await import('@clack/prompts')
  const answer = await (isSecret ? password : text)({ message, input: around.stdin, output: around.stderr })
  if (isCancel(answer) || typeof answer !== 'string' || answer === '')
    throw new CommandError('nothing was done', { exitCode: 130 })
  return answer
}

const warnOfPlainHttp = (context: Context, server: string): void => {
  const { protocol, hostname } = new URL(server)
  if (protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
    context.say(`warning: ${server} is not https: who is on the way can read the session and use it`)
}
