import { readFileSync, type Stats, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { Reader } from 'mmdb-lib'
import { z } from 'zod'
import type { Clock } from '../../kit/clock.ts'
import type { Log } from '../../kit/log.ts'

/** Where addresses are, by a file of the operator's. */
export interface Regions {
  /** The country (ISO 3166-1, such as `DE`); `unknown` where the file does not say; null where there is no file. */
  of(ip: string): string | null
  /** Reads the file again if it is another one now. What cannot be read leaves the last good one serving. */
  refresh(): Promise<void>
}

/** What an address is in that no file places. A text, so that a rule for one region does not hold for what is not known. */
const UNKNOWN_REGION = 'unknown'

/** Where there is no file. */
export const NO_REGIONS: Regions = { of: () => null, refresh: async () => undefined }

const LOOK_EVERY_MS = 10_000
const KEPT_MAX = 10_000

/** Opens a MaxMind DB file; throws where it is none. It is looked at again while it is used. */
export const openRegions = (file: string, given: { readonly clock: Clock; readonly log: Log }): Regions => {
  const { clock, log } = given
  let reader = readerOf(readFileSync(file))
  let version = versionOf(statSync(file))
  let lookedAtMs = clock.monotonicMs()
  let looking: Promise<void> | undefined
  const kept = new Map<string, string>()

  const look = async (): Promise<void> => {
    try {
      const now = versionOf(await stat(file))
      if (now === version) return
      reader = readerOf(await readFile(file))
      version = now
      kept.clear()
    } catch (error) {
      log.error({ err: error }, 'REEVE_GEO_DATABASE cannot be read; the last good file serves')
    }
  }

  const refresh = (): Promise<void> => {
    lookedAtMs = clock.monotonicMs()
    looking ??= look().finally(() => {
      looking = undefined
    })
    return looking
  }

  return {
    of: (ip) => {
      if (clock.monotonicMs() - lookedAtMs >= LOOK_EVERY_MS) void refresh()
      const known = kept.get(ip)
      if (known !== undefined) return known
      const region = regionIn(reader, ip)
      if (kept.size >= KEPT_MAX) kept.clear()
      kept.set(ip, region)
      return region
    },
    refresh,
  }
}

const versionOf = ({ ino, size, mtimeMs }: Stats): string => `${ino} ${size} ${mtimeMs}`

type Database = Reader<never>

const readerOf = (bytes: Buffer): Database => {
  const reader: Database = new Reader(bytes)
  const { nodeCount, binaryFormatMajorVersion } = reader.metadata
  if (binaryFormatMajorVersion !== 2 || !(nodeCount > 0)) throw new Error('no MaxMind DB of format 2')
  return reader
}

const regionIn = (reader: Database, ip: string): string => {
  // A socket that speaks both versions writes IPv4 inside IPv6.
  const plain = ip.toLowerCase().startsWith('::ffff:') && isIP(ip.slice(7)) === 4 ? ip.slice(7) : ip
  // A file of IPv4 alone would be read with the wrong bits.
  if (isIP(plain) === 0 || (isIP(plain) === 6 && reader.metadata.ipVersion === 4)) return UNKNOWN_REGION
  try {
    const found = Placed.safeParse(reader.get(plain))
    return found.success ? found.data : UNKNOWN_REGION
  } catch {
    // A file that is broken at this address does not say where it is.
    return UNKNOWN_REGION
  }
}

const Country = z.string().regex(/^[A-Z]{2}$/)
// As MaxMind and DB-IP write it, and as IPinfo does.
const Placed = z.union([
  z.object({ country: z.object({ iso_code: Country }) }).transform(({ country }) => country.iso_code),
  z.object({ country_code: Country }).transform((record) => record.country_code),
  z.object({ country: Country }).transform(({ country }) => country),
])
