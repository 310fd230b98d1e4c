import { type Client, createClient } from '@reeve/sdk/client'
import type { Command } from 'commander'
import { currentSession, serverOf } from './session.ts'
import type { Surroundings } from './surroundings.ts'

/** The flags that every command has. */
export interface GlobalFlags {
  readonly json?: boolean
  readonly server?: string
  readonly input?: boolean
}

/** What a command works with. */
export interface Context {
  readonly around: Surroundings
  readonly server: string
  readonly isJson: boolean
  /** Whether questions may be asked: on a terminal, without --no-input. */
  readonly mayAsk: boolean
  /** A client that is logged in; asks for the session at the first call. */
  readonly client: Client
  /** Data: JSON when asked for, else the text. */
  print(value: unknown, text: () => string): void
  /** Talk, on stderr. */
  say(text: string): void
}

/** The context of a command, from its flags and the surroundings. */
export const contextOf = (around: Surroundings, command: Command): Context => {
  const flags = command.optsWithGlobals<GlobalFlags>()
  const server = serverOf(around, flags.server)
  const isJson = flags.json === true
  return {
    around,
    server,
    isJson,
    mayAsk: flags.input !== false && around.isErrTty && around.stdin.isTTY === true,
    client: createClient({
      baseUrl: server,
      token: () => currentSession(around, server),
      userAgent: 'reeve-cli',
      clock: around.clock,
      random: around.random,
    }),
    print: (value, text) => around.out(isJson ? `${JSON.stringify(value, null, 2)}\n` : text()),
    say: (text) => around.err(`${text}\n`),
  }
}
