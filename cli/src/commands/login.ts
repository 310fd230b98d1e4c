import { Option } from 'commander'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { readSecret } from '../read-input.ts'
import { enrol, hasDevice, type Narrowing, openNarrowedSession, openSession, type Session } from '../session.ts'
import { showTime } from '../show-value.ts'
import { wholeNumber } from '../whole-number.ts'

interface Options {
  readonly code?: string
  readonly name?: string
  readonly email?: string
  readonly directory?: string[]
  readonly may?: Narrowing['may']
  readonly hours?: string
  readonly out?: string
  readonly device?: boolean
}

/** `reeve login`: enrols this machine with a one-time code, or opens a new session with its device key. */
export const login: CommandSpec = {
  declare: (command) =>
    command
      .option('--code <code>', 'the one-time code, or - for standard input; the server prints the first one')
      .option('--name <name>', 'your name, with a code')
      .option('--email <email>', 'your address, with a code')
      .option('--device', 'no key here: show a code that you approve where you are logged in')
      .option('--directory <name...>', 'a session for CI: access as code of these directories, and nothing else')
      .addOption(new Option('--may <what>', 'what it may do there').choices(['plan', 'plan+apply']))
      .option('--hours <hours>', 'how long that session lasts, at most 12 (default: 8)')
      .option('--out <file>', 'where that session goes (0600, must not exist)'),
  examples: [
    'reeve login',
    'reeve login --code - --name "Ada Byron" --email ada@example.com < code',
    'reeve login --device',
    'reeve login --directory web --may plan --out ci-session.json',
  ],
  notes:
    'A code works once. Sessions end by themselves; the device key opens the next one. REEVE_SESSION_FILE names the file of a session for CI; `reeve session end ID` ends one, `reeve session list` shows what each was narrowed to.',
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
    const narrowed = narrowedBy(options)
    const isNew = options.code !== undefined || !hasDevice(around, server)
    warnOfPlainHttp(context, server)
    if (options.device === true) {
      if (narrowed !== undefined || options.code !== undefined)
        throw new CommandError('--device goes with no other flag of login', { next: 'reeve login --device' })
      const { deviceLogin } = await import('../device-login.ts')
      return tellLogin(context, await deviceLogin(context, server))
    }
    const enrolled = isNew ? await enrol(around, server, await whoEnrols(context, server, options)) : undefined
    if (narrowed !== undefined) {
      const { person, expiresAt } = await openNarrowedSession(around, server, narrowed)
      const { directories, may } = narrowed.narrowedTo
      context.print({ server, person, expiresAt }, () => '')
      context.say(
        `${narrowed.file} may ${may === 'plan' ? 'plan' : 'plan and apply'} ${directories.join(', ')}, and nothing else, until ${showTime(expiresAt)}\nnext: keep it as a secret of that job alone, and let REEVE_SESSION_FILE name it there`,
      )
      return
    }
    tellLogin(context, enrolled ?? (await openSession(around, server)))
  },
}

const tellLogin = (context: Context, { server, person, expiresAt }: Session): void => {
  context.print({ server, person, expiresAt }, () => '')
  context.say(`logged in to ${server} until ${showTime(expiresAt)}\nnext: reeve status`)
}

const HOURS_DEFAULT = 8
const HOURS_MAX = 12

const narrowedBy = ({ directory, may, hours, out }: Options) => {
  if (directory === undefined && may === undefined && hours === undefined && out === undefined) return undefined
  if (directory === undefined || may === undefined || out === undefined)
    throw new CommandError('a session for CI takes --directory, --may and --out together', {
      next: 'reeve login --directory web --may plan --out ci-session.json',
    })
  return {
    narrowedTo: { directories: directory, may },
    hours: hours === undefined ? HOURS_DEFAULT : wholeNumber('--hours', hours, 1, HOURS_MAX),
    file: out,
  }
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
