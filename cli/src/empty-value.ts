import type { Option } from 'commander'
import { CommandError } from './exit-code.ts'

/** A flag as the parser knows it, as far as this needs it. */
type Flag = Pick<Option, 'long' | 'short' | 'required'>

/**
 * Refuses a flag whose value is empty, as `--owner "$TEAM"` is where nothing is in `TEAM`: it would be taken for a flag that
 * was not given, or, without the quotes, take the next flag as its value.
 */
export const refuseEmptyValues = (argv: readonly string[], flags: readonly Flag[], next: string): void => {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const named = new Map(
    flags.flatMap((flag) => [flag.long, flag.short].flatMap((name) => (name ? [[name, flag]] : []))),
  )
  for (let at = 0; at < end; at++) {
    const text = argv[at] ?? ''
    const name = text.endsWith('=') ? text.slice(0, -1) : text
    const flag = named.get(name)
    if (!flag?.required) continue
    const value = text.endsWith('=') ? '' : at + 1 < end ? argv[at + 1] : undefined
    if (value === '') throw new CommandError(`${name} is empty`, { next: `give it a value, or leave it out: ${next}` })
    if (value !== undefined && (named.has(nameOf(value)) || EVERYWHERE.has(nameOf(value))))
      throw new CommandError(`${name} needs a value: behind it stands ${nameOf(value)}`, {
        next: `give it one, or leave it out: ${next}`,
      })
    // What is a flag's value is no flag, whatever it looks like.
    if (name === text) at++
  }
}

const nameOf = (text: string): string => (text.startsWith('--') ? text.replace(/=.*$/s, '') : text)

// The flags of every command are taken off the line before its own are read.
const EVERYWHERE = new Set(['--json', '--no-input', '--no-color', '--help', '--server'])
