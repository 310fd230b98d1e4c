import type { CommandSpec } from '../command.ts'
import { EXIT_CODES } from '../exit-code.ts'

/** `reeve exit-codes`: what each exit code means. */
export const exitCodes: CommandSpec = {
  examples: ['reeve exit-codes', 'reeve help exit-codes'],
  output: {
    schema: {
      type: 'object',
      required: ['exitCodes'],
      properties: { exitCodes: { type: 'object', additionalProperties: { type: 'string' } } },
    },
  },
  run: (context) =>
    context.print({ exitCodes: EXIT_CODES }, () =>
      Object.entries(EXIT_CODES)
        .map(([code, meaning]) => `${code.padStart(4)}  ${meaning}\n`)
        .join(''),
    ),
}
