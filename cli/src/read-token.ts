import { CommandError } from './exit-code.ts'
import { readSecret } from './read-input.ts'
import type { Surroundings } from './surroundings.ts'

/** A token from a file or standard input. Never from the command line: others on the machine can read that. */
export const readToken = async (around: Surroundings, file: string): Promise<string> => {
  if (/^eyJ[\w-]+\.[\w-]*\.[\w-]*$/.test(file))
    throw new CommandError('a token is a secret, and a command line can be read by others', {
      next: 'put it into a file, or give - and send it to standard input',
    })
  return readSecret(around, file)
}

/** The argument that names where the token is. */
export const TOKEN_ARGUMENT = ['<file>', 'the file that holds the token, or - for standard input'] as const
