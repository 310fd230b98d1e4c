import { type DerivedFlag, flagsOf } from './derived-flags.ts'
import type { ListedOperation } from './operations.ts'

/** The command that an operation becomes: `inventory.identity.show` is `reeve identity show <identity>`. */
export interface DerivedCommand {
  readonly noun: string
  readonly verb: string
  /** The one input that is given without a flag. */
  readonly positional: (DerivedFlag & { readonly name: string }) | undefined
  readonly flags: readonly DerivedFlag[]
}

/** Derives the words, the argument and the flags of an operation's command from its name and input schema. */
export const deriveCommand = (operation: ListedOperation): DerivedCommand => {
  const [, noun = '', verb = ''] = operation.name.split('.')
  const all = flagsOf(operation.input)
  const positional = PREFERRED(noun)
    .map(({ name, mayBeOptional }) =>
      all.find((flag) => isNamed(flag, name) && flag.kind === 'text' && (flag.isRequired || mayBeOptional)),
    )
    .find((flag) => flag !== undefined)
  return {
    noun,
    verb,
    positional: positional === undefined ? undefined : { ...positional, name: positional.path.join('.') },
    flags: all.filter((flag) => flag !== positional),
  }
}

// What a command is about comes without a flag: the thing itself, else the identity that it belongs to.
const PREFERRED = (noun: string) => [
  { name: noun, mayBeOptional: true },
  { name: 'id', mayBeOptional: false },
  { name: 'name', mayBeOptional: false },
  { name: 'identity', mayBeOptional: true },
]

const isNamed = (flag: DerivedFlag, name: string): boolean => flag.path.length === 1 && flag.path[0] === name
