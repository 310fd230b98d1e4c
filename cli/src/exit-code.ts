import { ReeveError } from '@reeve/sdk/client'

/** What each exit code means; printed by `reeve help exit-codes`, and for ever. */
export const EXIT_CODES = {
  0: 'success; for a plan: no changes',
  1: 'wrong use, or something local failed',
  2: 'the server failed; for a plan with --exit-code: changes are present',
  3: 'refused by policy; the decision id is in the message',
  4: 'a login is needed',
  5: 'not found',
  6: 'conflict, for example a stale plan',
  7: 'rate limited or unavailable; it is safe to try again',
  8: 'partly done; the message says what was not',
  130: 'interrupted',
} as const

/** One of the codes above. */
export type ExitCode = keyof typeof EXIT_CODES

const BY_STATUS: Readonly<Record<number, ExitCode>> = {
  400: 1,
  401: 4,
  403: 3,
  404: 5,
  409: 6,
  413: 1,
  415: 1,
  429: 7,
  502: 7,
  503: 7,
  504: 7,
}

/** A command failed in a way that it explains itself: the sentence, the next step, the exit code. */
export class CommandError extends Error {
  readonly exitCode: ExitCode
  readonly next: string | undefined

  constructor(message: string, options: { readonly exitCode?: ExitCode; readonly next?: string } = {}) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = options.exitCode ?? 1
    this.next = options.next
  }
}

/** The exit code of whatever a command threw. */
export const exitCodeOf = (error: unknown): ExitCode => {
  if (error instanceof CommandError) return error.exitCode
  if (error instanceof ReeveError) return BY_STATUS[error.status] ?? 2
  return isUnreachable(error) ? 7 : 1
}

/** Whether the server could not be reached at all. */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof TypeError && /fetch failed/i.test(error.message)
