/**
 * What went wrong with a call: the server's RFC 9457 problem with its stable `code` and the next step in `hint`; or
 * `unreachable`, `timed_out` (status 0) and `unexpected_answer`, which the client says itself.
 */
export class ReeveError extends Error {
  override readonly name = 'ReeveError'
  readonly code: string
  readonly status: number
  readonly hint: string | undefined
  readonly docs: string | undefined
  readonly requestId: string | undefined
  readonly decisionId: string | undefined
  /** Where in the input something is wrong. */
  readonly places: readonly { readonly pointer: string; readonly detail: string }[]
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, problem: Readonly<Record<string, unknown>>, options?: ErrorOptions) {
    super(text(problem.detail) ?? `the server answered ${status}`, options)
    this.code = text(problem.code) ?? 'unexpected_answer'
    this.status = status
    this.hint = text(problem.hint)
    this.docs = text(problem.docs)
    this.requestId = text(problem.instance)
    this.decisionId = text(problem.decisionId)
    this.places = Array.isArray(problem.errors) ? problem.errors.flatMap(placeOf) : []
    this.retryAfterSeconds = typeof problem.retryAfter === 'number' ? problem.retryAfter : undefined
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const placeOf = (value: unknown) =>
  typeof value === 'object' && value !== null && 'pointer' in value && 'detail' in value
    ? [{ pointer: String(value.pointer), detail: String(value.detail) }]
    : []
