import type { Client } from '@reeve/sdk/client'
import type { CommandEntry } from './command.ts'
import type { GlobalFlags } from './command-line.ts'
import { safeJson } from './safe-text.ts'
import type { Surroundings } from './surroundings.ts'

/** The version of every JSON that the CLI prints; it rises when a field changes its meaning or goes. */
export const FORMAT_VERSION = 1

/** What a command works with. */
export interface Context {
  readonly around: Surroundings
  readonly entry: CommandEntry
  readonly isJson: boolean
  /** Whether questions may be asked: on a terminal, without --no-input. */
  readonly mayAsk: boolean
  readonly mayColour: boolean
  /** The server to speak to. */
  server(): Promise<string>
  /** A client that is logged in; asks for the session at the first call. */
  client(): Promise<Client>
  /** Data: JSON with its format version when asked for, else the text. */
  print(value: object, text: () => string): void
  /** Talk, on stderr. */
  say(text: string): void
}

/** The context of a command, from its flags and the surroundings. */
export const contextOf = (around: Surroundings, entry: CommandEntry, flags: GlobalFlags): Context => {
  const { isJson } = flags
  // Loaded when it is needed: most of a short command's time is the loading of what it does not use.
  const server = async () => (await import('./server-url.ts')).serverUrl(around, flags.server)
  return {
    around,
    entry,
    isJson,
    mayAsk: flags.mayAsk && around.isErrTty && around.stdin.isTTY === true,
    mayColour: flags.mayColour && around.mayColour,
    server,
    client: async () => (await import('./session-client.ts')).sessionClient(around, await server()),
    print: (value, text) =>
      around.out(isJson ? `${safeJson({ formatVersion: FORMAT_VERSION, ...value }, 2)}\n` : text()),
    say: (text) => around.err(text === '' || text.endsWith('\n') ? text : `${text}\n`),
  }
}
