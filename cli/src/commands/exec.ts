import { mkdtempSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import type { CommandSpec } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError } from '../exit-code.ts'
import { declareWorkload, type WorkloadFlags } from '../workload-proof.ts'

interface Options extends WorkloadFlags {
  readonly env?: string
  readonly onRenewal?: string
}

// What somebody sends to a program that this one stands in front of.
const HANDED_ON: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
]
// By a key, a terminal sends these to every program in front of it, and a second one means something else to some.
const BY_KEY: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT']
const BY_SIGNAL = 128
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
const RESTART = 'restart'
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/

/** `reeve exec`: runs a program that always has a valid token, and no secret. */
export const exec: CommandSpec = {
  declare: (command) =>
    declareWorkload(command)
      .argument('<command...>', 'the program and its words, after --')
      .option('--env <name>', 'put the token of each start into this variable as well')
      .option('--on-renewal <what>', 'a signal such as SIGHUP for the program, or restart; nothing without it'),
  examples: [
    'reeve exec orders-sync --for https://orders.example/ \\\n    --key orders.jwk -- node sync.js',
    'reeve exec orders-sync --for https://orders.example/ \\\n    --key orders.jwk --env TOKEN --on-renewal restart -- ./sync',
  ],
  notes: `The program finds its token in the file that REEVE_TOKEN_FILE names, or asks the socket that REEVE_TOKEN_SOCKET names for /token.
Both hold the token of now: it is renewed at half its life, an outage of the server is survived for the rest of it, and a quarantine takes it away at once. A variable (--env) is set once for each start: where the program outlives the token, use the file, or --on-renewal restart.
It gets no secret: the variables that prove the identity (that of --proof env:NAME, the keys of AWS, the right of a GitHub job to tokens) are not in its environment, nor is the same value under another name, and what the key or secret was read from, as standard input, is empty for it.
Signals are handed on, and the exit code is the program's own.
The highest tier gets only tokens that are bound, to a key or a certificate that its programs must hold themselves: they use the SDK (\`dpop\`), or show the certificate of --cert.`,
  output: { schema: { type: 'object', description: 'nothing of its own: what is printed is what the program prints' } },
  run: async (context, command) => {
    const [identity = '', ...words] = command.args
    const options = command.opts<Options>()
    checkOptions(options)
    const { workloadSource } = await import('../workload-source.ts')
    const source = await workloadSource(context, identity, options, { isLong: true })
    const signals = heard(context)
    try {
      // A program that cannot have a token is not started: it would fail later, and say less. Whoever ends this meanwhile
      // is not kept waiting, also where nothing ends it by itself, as the first process of a container.
      const early = await Promise.race([source.token().then(() => undefined), signals.first])
      if (early !== undefined) return BY_SIGNAL + constants.signals[early]
      return await runWith(context, source, options, { words, signals })
    } finally {
      signals.letGo()
      source.close()
    }
  },
}

/** Hears the signals from now on; `first` is the first that asks for the end before somebody takes them. */
const heard = ({ around }: Context) => {
  let take: ((name: NodeJS.Signals) => void) | undefined
  let early: NodeJS.Signals | undefined
  let tellFirst: (name: NodeJS.Signals) => void = () => {}
  const first = new Promise<NodeJS.Signals>((resolve) => {
    tellFirst = resolve
  })
  const letGo = around.takeSignals(HANDED_ON, (name) => {
    if (take !== undefined) take(name)
    else if (ENDING.includes(name)) {
      early ??= name
      tellFirst(name)
    }
  })
  return {
    first,
    letGo,
    to: (taker: (name: NodeJS.Signals) => void): void => {
      take = taker
      if (early !== undefined) taker(early)
    },
  }
}

const checkOptions = ({ env, onRenewal }: Options): void => {
  if (env !== undefined && !VARIABLE.test(env))
    throw new CommandError(`\`${env}\` is no name of a variable`, { next: 'give one such as --env ORDERS_TOKEN' })
  if (onRenewal !== undefined && onRenewal !== RESTART && !isSignal(onRenewal))
    throw new CommandError(`--on-renewal is a signal or ${RESTART}; not \`${onRenewal}\``, {
      next: `give --on-renewal SIGHUP or --on-renewal ${RESTART}`,
    })
}

const isSignal = (name: string): name is NodeJS.Signals => Object.hasOwn(constants.signals, name)

const runWith = async (
  context: Context,
  source: Parameters<typeof import('../keep-token.ts').keepToken>[1],
  { env, onRenewal, ...flags }: Options,
  { words, signals }: { readonly words: readonly string[]; readonly signals: ReturnType<typeof heard> },
): Promise<number> => {
  const { around } = context
  const { keepToken } = await import('../keep-token.ts')
  const { runChild } = await import('../child-program.ts')
  const { proofDescriptors, withoutProof } = await import('../proof-places.ts')
  // For its user alone, and gone at the end.
  const folder = mkdtempSync(join(around.runtimeFolder, 'reeve-'))
  const places = { file: join(folder, 'token'), socket: join(folder, 'socket') }
  let child: ReturnType<typeof runChild> | undefined
  const came = (_: unknown, { isFirst }: { readonly isFirst: boolean }) => {
    if (isFirst) return
    if (onRenewal === RESTART) child?.restart()
    else if (onRenewal !== undefined && isSignal(onRenewal)) child?.signal(onRenewal)
  }
  try {
    const keeper = await keepToken(context, source, places, came)
    try {
      const environment = withoutProof(around.environment, flags)
      const files = { REEVE_TOKEN_FILE: places.file, REEVE_TOKEN_SOCKET: places.socket }
      const token = () => (env === undefined ? {} : { [env]: keeper.now()?.token })
      // Who types a key at a terminal leaves none there, and the program is to read what is typed next.
      const kept = proofDescriptors(flags).filter((number) => number !== 0 || around.stdin.isTTY !== true)
      child = runChild(around, words, () => ({ ...environment, ...files, ...token() }), kept)
      const running = child
      const isOnTerminal = around.isOutTty || around.isErrTty || around.stdin.isTTY === true
      signals.to((name) => (isOnTerminal && BY_KEY.includes(name) ? running.keepEnded() : running.signal(name)))
      return await child.ended
    } finally {
      await keeper.end()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
