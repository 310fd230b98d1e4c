import { isJsonObject } from '../strict-json.ts'
import type { UseReport } from '../wire.ts'

/** The reports in a file, a line each; a line that a crash cut short is left out. */
export const readReports = (text: string): UseReport[] =>
  text
    .split('\n')
    .map(parse)
    .filter((value) => isUseReport(value))

const parse = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const isUseReport = (value: unknown): value is UseReport =>
  isJsonObject(value) &&
  [value.at, value.token, value.identity, value.audience].every((member) => typeof member === 'string') &&
  [value.credential, value.instance].every((member) => member === undefined || typeof member === 'string') &&
  (value.issuedAt === undefined || typeof value.issuedAt === 'number') &&
  [value.action, value.code, value.ip].every((member) => member === null || typeof member === 'string') &&
  (value.outcome === 'allowed' || value.outcome === 'refused')
