/** What each exit code means; printed by `reeve help exit-codes`, and for ever. */
export const EXIT_CODES = {
  0: 'success; for a plan: no changes',
  1: 'wrong use, or something local failed',
  2: 'the server failed; for a plan with --exit-code: changes are present',
  3: 'refused by policy; the decision id is in the message',
  4: 'a login is needed, or the proof of an identity was refused',
  5: 'not found',
  6: 'conflict, for example a stale plan',
  7: 'rate limited or unavailable; it is safe to try again',
  8: 'not clean: partly done, or something is as bad as you asked to be told of',
  130: 'interrupted',
} as const

/** One of the codes above. */
export type ExitCode = keyof typeof EXIT_CODES

/** A command failed in a way that it explains itself: what, where, the next step, and the exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: ExitCode
  readonly lines: readonly string[]
  readonly next: string | undefined

  constructor(
    message: string,
    {
      exitCode = 1,
      lines = [],
      next,
      cause,
    }: {
      readonly exitCode?: ExitCode
      readonly lines?: readonly string[]
      readonly next?: string | undefined
      readonly cause?: unknown
    } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.lines = lines
    this.next = next
  }
}
