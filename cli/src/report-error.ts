import { ReeveError } from '@reeve/sdk/client'
import { CommandError, isUnreachable } from './exit-code.ts'
import { safeText } from './safe-text.ts'
import type { Surroundings } from './surroundings.ts'

/** Says what failed, why, and the next step, on stderr. */
export const reportError = (around: Surroundings, error: unknown): void => {
  for (const line of linesOf(error)) around.err(`${safeText(line)}\n`)
}

const linesOf = (error: unknown): string[] => {
  if (error instanceof ReeveError) return serverLines(error)
  if (error instanceof CommandError) return [`error: ${error.message}`, ...next(error.next)]
  if (isUnreachable(error))
    return [
      'error: the server cannot be reached',
      ...next('start one with `npm start`, or name it with --server or REEVE_SERVER'),
    ]
  return [`error: ${error instanceof Error ? error.message : String(error)}`]
}

const serverLines = (error: ReeveError): string[] => [
  `error: ${error.message} (${error.code})`,
  ...error.places.map((place) => `  ${place.pointer === '' ? 'input' : place.pointer.slice(1)}: ${place.detail}`),
  ...next(error.decisionId === undefined ? error.hint : `reeve why ${error.decisionId}`),
  ...(error.requestId === undefined ? [] : [`  trace: ${error.requestId}`]),
]

const next = (step: string | undefined): string[] => (step === undefined ? [] : [`  next: ${step}`])
