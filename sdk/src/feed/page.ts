import { Unreachable } from '../bounded-fetch.ts'
import { isJsonObject } from '../strict-json.ts'
import type { RevocationEntry, RevocationPage } from '../wire.ts'

/** Reads a page of the feed; one wrong entry refuses the whole, as what it stood for is then unknown. */
export const readPage = (text: string): RevocationPage => {
  const page = parse(text)
  if (!isJsonObject(page) || !Array.isArray(page.entries) || typeof page.snapshot !== 'boolean') throw malformed()
  const keys = readKeys(page.keys)
  const entries = page.entries.map(toEntry)
  return { seq: readSeq(page.seq), snapshot: page.snapshot, entries, ...(keys === undefined ? {} : { keys }) }
}

/** Reads one change as the stream sends it. */
export const readEntry = (text: string): RevocationEntry => toEntry(parse(text))

/** Reads the sequence number of a heartbeat, and which key set the issuer has now, where it tells. */
export const readHeartbeat = (text: string): { readonly seq: number; readonly keys: string | undefined } => {
  const beat = parse(text)
  if (!isJsonObject(beat)) throw malformed()
  return { seq: readSeq(beat.seq), keys: readKeys(beat.keys) }
}

const malformed = () => new Unreachable('the revocation feed is malformed')

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed()
  }
}

const readSeq = (value: unknown): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw malformed()
  return value
}

const readKeys = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= keysCharactersMax ? value : undefined

const keysCharactersMax = 100

const toEntry = (value: unknown): RevocationEntry => {
  if (!isJsonObject(value)) throw malformed()
  const { verb, target, until } = value
  if (verb !== 'quarantine' && verb !== 'release' && verb !== 'revoke') throw malformed()
  if (typeof target !== 'string' || target === '' || target.length > 64) throw malformed()
  if (until !== null && (typeof until !== 'number' || !Number.isFinite(until))) throw malformed()
  return { seq: readSeq(value.seq), verb, target, until }
}
