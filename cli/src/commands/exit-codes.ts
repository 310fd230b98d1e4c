import type { Command } from 'commander'
import { EXIT_CODES } from '../exit-code.ts'
import type { Surroundings } from '../surroundings.ts'

/** `reeve exit-codes`: what each exit code means. */
export const addExitCodes = (program: Command, around: Surroundings): void => {
  program
    .command('exit-codes')
    .description('what each exit code means')
    .action(() => {
      for (const [code, meaning] of Object.entries(EXIT_CODES)) around.out(`${code.padStart(4)}  ${meaning}\n`)
    })
}
