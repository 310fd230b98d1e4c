import { type Logger, pino } from 'pino'

/** The process's log: one JSON line an entry, secrets redacted by field name wherever they may stand. */
export type Log = Logger

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'client_assertion',
  'assertion',
  'token',
  'access_token',
  'code',
  'key',
  'kek',
]

/** A logger to stdout (or `destination`, for tests); `level` is pino's. */
export const createLog = (level: string, destination?: { write(line: string): void }): Log =>
  pino(
    {
      level,
      base: undefined,
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
    },
    destination ?? pino.destination({ dest: 1, sync: false }),
  )
