import { CommandError, type ExitCode } from './exit-code.ts'

/** What is told of a failure. */
export interface Failure {
  readonly exitCode: ExitCode
  readonly message: string
  readonly lines: readonly string[]
  readonly next: string | undefined
}

/** What is told of whatever a command threw: what failed, why, and the next step; never a stack. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof CommandError) return error
  const known = Object.values(READERS).find((reader) => reader.fits(error))
  return known?.read(fieldsOf(error)) ?? unexpected(error)
}

type Fields = Readonly<Record<string, unknown>>

interface Reader {
  readonly fits: (error: unknown) => boolean
  readonly read: (fields: Fields) => Failure
}

const named =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof Error && error.name === name

// By name, and not by class: the classes' modules are loaded only by commands that may throw them.
const READERS: Readonly<Record<string, Reader>> = {
  server: { fits: named('ReeveError'), read: (fields) => fromServer(fields) },
  token: { fits: named('TokenError'), read: (fields) => fromIssuer(fields) },
  system: {
    fits: (error) => error instanceof Error && 'syscall' in error && 'code' in error,
    read: (fields) => fromSystem(fields),
  },
}

const BY_STATUS: Readonly<Record<number, ExitCode>> = {
  0: 7,
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

const fromServer = (fields: Fields): Failure => {
  const code = text(fields.code) ?? ''
  const isSilent = code === 'unreachable' || code === 'timed_out'
  const decision = text(fields.decisionId)
  const trace = text(fields.requestId)
  return {
    exitCode: BY_STATUS[Number(fields.status)] ?? 2,
    message: `${text(fields.message)}${isSilent ? '' : ` (${code})`}`,
    lines: [...placesOf(fields.places), ...(trace === undefined ? [] : [`trace: ${trace}`])],
    next: isSilent
      ? FIND_SERVER
      : (NEXT[code] ?? (decision === undefined ? text(fields.hint) : `reeve why ${decision}`)),
  }
}

/** The next step when no server answers. */
export const FIND_SERVER = 'start one with `npm start`, or name another: --server URL or REEVE_SERVER'

// Where the CLI knows a better step than the server, which does not know who is asking.
const NEXT: Readonly<Record<string, string>> = {
  invalid_input: 'correct what is named above; --help lists what the command takes',
  unauthenticated: 'reeve login',
  bad_cursor: 'start again without --cursor, with the same filters',
  unexpected_answer: 'check the URL of the server: reeve doctor',
  approval_required: 'repeat the command with --ask-approval "why", and later with --approval and the id it prints',
}

const placesOf = (places: unknown): string[] =>
  Array.isArray(places)
    ? places.map((place: Fields) => {
        const path = String(place.pointer).split('/').slice(1).join('.')
        return `${path === '' ? 'input' : path}: ${String(place.detail)}`
      })
    : []

const fromIssuer = (fields: Fields): Failure => {
  const code = text(fields.issuerCode) ?? text(fields.oauthError)
  const trace = text(fields.traceId)
  const decision = text(fields.decisionId)
  // Nobody was asked: what is wrong is here.
  if (text(fields.code) === 'no_proof')
    return { exitCode: 1, message: text(fields.message) ?? '', lines: [], next: 'mend that, and try again' }
  const isRefused = text(fields.code) === 'token_refused'
  // The issuer's description holds the sentence and, after a semicolon, what to do.
  const [message = '', ...todo] = (text(fields.message) ?? '').split('; ')
  const fix = todo.length === 0 ? undefined : todo.join('; ')
  return {
    exitCode: !isRefused ? 7 : text(fields.oauthError) === 'invalid_client' ? 4 : 3,
    message: `${message}${code === undefined ? '' : ` (${code})`}`,
    lines: trace === undefined ? [] : [`trace: ${trace}`],
    next: decision === undefined ? (fix ?? (isRefused ? undefined : FIND_SERVER)) : `reeve why ${decision}`,
  }
}

const SYSTEM: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read or written by you',
  EPERM: 'may not be read or written by you',
  EISDIR: 'is a folder',
  ENOTDIR: 'is no folder',
  EEXIST: 'exists already',
  ENOSPC: 'could not be written: the disk is full',
  EROFS: 'is on a disk that cannot be written',
  EMFILE: 'could not be opened: too many files are open',
}

const fromSystem = (fields: Fields): Failure => ({
  exitCode: 1,
  message: `${text(fields.path) ?? text(fields.syscall)} ${SYSTEM[String(fields.code)] ?? `failed (${String(fields.code)})`}`,
  lines: [],
  next: 'check the path and its rights',
})

const unexpected = (error: unknown): Failure => ({
  exitCode: 1,
  message: `this is a mistake in reeve itself: ${error instanceof Error ? error.message : String(error)}`,
  lines: [],
  next: 'please report it with the command that you ran',
})

const fieldsOf = (error: unknown): Fields =>
  error instanceof Error ? { ...error, message: error.message, name: error.name } : {}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
