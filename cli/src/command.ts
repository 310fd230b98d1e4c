import type { Command } from 'commander'
import type { Context } from './context.ts'

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** What a command prints with --json: its own schema, or what an operation answers, or one of several. */
export type CommandOutput =
  | { readonly schema: JsonSchema }
  | { readonly operation: string }
  | { readonly operations: readonly string[] }

/** One command, without its words: what it takes, what it prints, what it does. */
export interface CommandSpec {
  /** Declares arguments and flags. */
  readonly declare?: (command: Command) => unknown
  /** At least one line that works as it stands, but for names. */
  readonly examples: readonly string[]
  /** More for the help, below the flags. */
  readonly notes?: string
  readonly output: CommandOutput
  /** Does it; a number is the exit code, where the command's own end is another program's. */
  readonly run: (context: Context, command: Command) => Promise<void> | Promise<number> | void
}

/** A command as the index knows it: its words and what it does; the rest is loaded when it is asked for. */
export interface CommandEntry {
  readonly words: string
  readonly summary: string
  readonly load: () => CommandSpec | Promise<CommandSpec>
}
