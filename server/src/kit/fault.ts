/** The eight ways in which a call can end badly; each edge maps them once to its own codes. */
export type FaultKind =
  | 'invalid'
  | 'unauthenticated'
  | 'denied'
  | 'not_found'
  | 'conflict'
  | 'limited'
  | 'unavailable'
  | 'internal'

/** What a code means: its kind, the sentence for the caller, and the next step. Codes are for ever. */
export interface FaultSpec {
  readonly kind: FaultKind
  readonly message: string
  readonly fix: string
}

/** Where in the input something is wrong: an RFC 6901 pointer and a sentence. */
export interface FaultPlace {
  readonly pointer: string
  readonly detail: string
}

/** What the caller, or whoever enforces the refusal, would have to do first; named as it goes over the wire. */
export interface FaultObligation {
  readonly id: string
  readonly policy: string
  readonly acr_values?: string
  readonly amr_values?: string
  readonly max_age?: number
}

/** What a fault may carry. `about`, `obligations` and `places` are shown to the caller; `detail` never leaves the process. */
export interface FaultExtras {
  readonly about?: string
  readonly places?: readonly FaultPlace[]
  readonly decisionId?: string
  readonly obligations?: readonly FaultObligation[]
  readonly retryAfterSeconds?: number
  readonly detail?: string
  readonly cause?: unknown
}

/** Something a caller caused. Anything else that is thrown is our bug and reads `internal` outside. */
export class Fault extends Error {
  readonly code: string
  readonly kind: FaultKind
  readonly fix: string
  readonly extras: FaultExtras

  constructor(code: string, spec: FaultSpec, extras: FaultExtras = {}) {
    super(extras.about === undefined ? spec.message : `${spec.message}: ${extras.about}`, { cause: extras.cause })
    this.name = 'Fault'
    this.code = code
    this.kind = spec.kind
    this.fix = spec.fix
    this.extras = extras
  }
}

/** A table of faults and its constructor: `fault('wrong_state', { about: 'disabled' })`. */
export const faultTable = <T extends Record<string, FaultSpec>>(table: T) => ({
  table,
  fault: (code: keyof T & string, extras?: FaultExtras): Fault => new Fault(code, table[code] ?? INTERNAL, extras),
})

const INTERNAL: FaultSpec = {
  kind: 'internal',
  message: 'something failed on our side',
  fix: 'try again; if it stays, report the trace id to whoever runs this server',
}

const core = faultTable({
  internal: INTERNAL,
  invalid_input: {
    kind: 'invalid',
    message: 'the input does not fit the operation',
    fix: 'correct the fields that `errors` names; the reference lists each field with its bounds',
  },
  secret_in_text: {
    kind: 'invalid',
    message: 'a text that would be kept and shown looks like a secret',
    fix: 'say what the secret is for instead of the secret; if it is a real one, it is safer to replace it now',
  },
  unknown_operation: {
    kind: 'not_found',
    message: 'there is no such operation',
    fix: 'look at /openapi.json for the operations of this server',
  },
  unauthenticated: {
    kind: 'unauthenticated',
    message: 'this call needs a session of a person or a token of an identity',
    fix: 'run `reeve login`, or send an access token whose audience is this server',
  },
  wrong_principal_type: {
    kind: 'denied',
    message: 'this is not for a principal of this type',
    fix: 'people use sessions, non-human identities use tokens; neither may use what belongs to the other',
  },
  denied: {
    kind: 'denied',
    message: 'the policy refuses this',
    fix: 'run `reeve why` with the decision id to see which policy decided and what would allow it',
  },
  not_found: {
    kind: 'not_found',
    message: 'there is no such thing, or you may not know of it',
    fix: 'check the id; list what you can see first',
  },
  idempotency_conflict: {
    kind: 'conflict',
    message: 'this idempotency key was used for another request',
    fix: 'use a new key for a new request, and the same key only to repeat the same one',
  },
  idempotency_busy: {
    kind: 'conflict',
    message: 'a request with this idempotency key is still running',
    fix: 'wait a moment and repeat the same request with the same key',
  },
  bad_cursor: {
    kind: 'invalid',
    message: 'the cursor is not one of ours for this list',
    fix: 'start again without a cursor, with the same filters',
  },
  too_large: {
    kind: 'invalid',
    message: 'the request is too large',
    fix: 'send it in smaller parts',
  },
  wrong_media_type: {
    kind: 'invalid',
    message: 'the body is not of the media type that this call takes',
    fix: 'send the header `content-type` exactly once: application/json, or application/x-www-form-urlencoded below /oauth',
  },
  limited: {
    kind: 'limited',
    message: 'too many requests from this address',
    fix: 'wait for the seconds that Retry-After gives',
  },
  unavailable: {
    kind: 'unavailable',
    // Of a commit that was lost on its way nobody knows whether it arrived.
    message: 'the server cannot make sure now that this is recorded, so take it as not done',
    fix: 'try again after the seconds that Retry-After gives, with the same Idempotency-Key if there was one: it is then done once',
  },
  sealed: {
    kind: 'unavailable',
    message: 'the server is sealed: its key-encryption key is missing or wrong',
    fix: 'start the server with the key-encryption key that this database was made with',
  },
  log_rolled_back: {
    kind: 'unavailable',
    message: 'the database was set back behind its own log, so nothing is done until somebody has looked',
    fix: 'stop the servers, restore the newest database, or remove the kept checkpoint if the restore was wanted',
  },
  overloaded: {
    kind: 'unavailable',
    message: 'more is asked of the server than it can answer in time, so this was not begun',
    fix: 'try again after the seconds that Retry-After gives',
  },
  draining: {
    kind: 'unavailable',
    message: 'the server is stopping',
    fix: 'try again; another replica or the restarted server will answer',
  },
})

/** The faults that the kit itself raises. */
export const coreFaults = core.table
/** Makes one of the kit's own faults. */
export const coreFault = core.fault
