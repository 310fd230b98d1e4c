import { type Collected, collect } from './collect.ts'
import { saltIdOf } from './fingerprint.ts'
import { type FileSighting, mergeSightings } from './merge-sightings.ts'
import { judge } from './posture/judge.ts'
import { printable } from './redacting.ts'
import {
  type AllowedFinding,
  type Finding,
  FORMAT_VERSION,
  type Problem,
  type ScanReport,
  type Sighting,
} from './report.ts'
import type { Fact, Related, Source } from './source.ts'
import { sources as everySource } from './sources/registry.ts'
import type { Threads } from './threads.ts'
import { rootText } from './walk.ts'

/** What a scan is told. */
export interface ScanOptions {
  /** Fingerprints of two scans compare only if their salts are equal; keep it like a password, never in the report. */
  readonly salt: string
  readonly now: Date
  readonly fileBytesMax?: number
  /** Names of folders that are left out, instead of the usual ones. */
  readonly skipFolders?: readonly string[]
  readonly rulesOff?: readonly string[]
  /** Fingerprints, of findings or of credentials, that somebody accepted. */
  readonly allowFingerprints?: readonly string[]
  readonly sources?: readonly Source[]
  /** Told before each file is opened, for a progress line. */
  onFile?(path: string): void
  /** Threads that were started before, by a program that scans often; else a large scan starts and ends its own. */
  readonly threads?: Threads
  /** Looks for secrets in all versions that the repositories on the way ever had, by the git program along this `PATH`. */
  readonly history?: { readonly searchPath: string }
  /** Findings that were there before, by fingerprint: allowed, and told apart from other allowed ones. */
  readonly baseline?: readonly string[]
}

/** Folders of others' or machines' making, which a scan leaves out unless told otherwise. */
export const SKIPPED_FOLDERS = [
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'bower_components',
  '.venv',
  '__pycache__',
  '.tox',
  '.gradle',
]
/** How large a file may be before it is named instead of read. */
export const FILE_BYTES_MAX = 32 * 1024 * 1024
const DEPTH_MAX = 128
const SALT_CHARS_MIN = 16

/** A salt that could be guessed would tell secrets by their fingerprints. */
export const checkSalt = (salt: string): void => {
  if (salt.length < SALT_CHARS_MIN) throw new RangeError(`the salt has fewer than ${SALT_CHARS_MIN} characters`)
}

/** Scans files and folders: reads only, sends nothing, and no secret is in what it returns. */
export const scan = async (paths: readonly string[], options: ScanOptions): Promise<ScanReport> => {
  const { salt, now } = options
  checkSalt(salt)
  const all = await collect(paths, {
    settings: {
      salt,
      now,
      sources: options.sources ?? everySource,
      fileBytesMax: options.fileBytesMax ?? FILE_BYTES_MAX,
    },
    limits: { depthMax: DEPTH_MAX, skipFolders: new Set(options.skipFolders ?? SKIPPED_FOLDERS) },
    threads: options.threads,
    history: options.history,
    onFile: options.onFile ?? (() => {}),
  })
  return reportOf(
    all,
    paths.map((path) => printable(rootText(path))),
    options,
  )
}

/** What was collected, put together and judged. */
export const reportOf = (all: Collected, roots: readonly string[], options: ScanOptions): ScanReport => {
  const { salt, now } = options
  const merged = mergeSightings(all.sightings, all.owners)
  const { sightings, problems } = related(merged, all, options.sources ?? everySource)
  const judged = judge({ sightings, now }, new Set(options.rulesOff ?? []))
  const fingerprints = new Set(options.allowFingerprints ?? [])
  const baseline = new Set(options.baseline ?? [])
  const credentials = new Map(sightings.map((sighting) => [sighting.stableKey, credentialsOf(sighting)]))
  const allowedBy = (finding: Finding): string | undefined =>
    fingerprints.has(finding.fingerprint) || credentials.get(finding.sighting)?.some((one) => fingerprints.has(one))
      ? 'option'
      : baseline.has(finding.fingerprint)
        ? 'baseline'
        : all.allowed.get(finding.where.path)?.(finding.rule, finding.where.line)
  const allowed: AllowedFinding[] = [...all.allowedInHistory]
  const findings = judged.filter((finding) => {
    const by = allowedBy(finding)
    if (by !== undefined) allowed.push({ rule: finding.rule, where: finding.where, by })
    return by === undefined
  })
  return {
    formatVersion: FORMAT_VERSION,
    scannedAt: now.toISOString(),
    saltId: saltIdOf(salt),
    roots,
    counts: { files: all.files, bytes: all.bytes },
    sightings,
    findings,
    allowed,
    problems: [...all.problems, ...problems],
    skipped: all.skipped,
  }
}

const related = (
  seen: readonly Sighting[],
  { sightings, facts }: { sightings: readonly FileSighting[]; facts: ReadonlyMap<string, readonly Fact[]> },
  sources: readonly Source[],
): Related => {
  // A source is told all that it saw, also what another source saw as well and leads.
  const keysOf = new Map<string, Set<string>>()
  for (const { source, draft } of sightings) {
    const keys = keysOf.get(source) ?? new Set()
    keysOf.set(source, keys.add(draft.stableKey))
  }
  const seenBy = (source: string): Sighting[] =>
    seen.filter(({ stableKey }) => keysOf.get(source)?.has(stableKey) === true)
  const changed = new Map<string, Sighting>()
  const problems: Problem[] = []
  for (const { name, relate } of sources) {
    if (!relate) continue
    const own = seenBy(name)
    try {
      const told = relate(own, facts.get(name) ?? [])
      for (const sighting of told.sightings) changed.set(sighting.stableKey, sighting)
      problems.push(...told.problems)
    } catch (error) {
      // As with a file: what one source cannot put together costs the others nothing, and is said.
      const kind = error instanceof Error ? error.name : 'an unknown error'
      const path = own[0]?.where.path ?? ''
      problems.push({ path, reason: 'source-failed', detail: `source ${name} failed on all files together: ${kind}` })
    }
  }
  const known = new Set(seen.map(({ stableKey }) => stableKey))
  const added = [...changed.values()].filter(({ stableKey }) => !known.has(stableKey))
  return { sightings: [...seen.map((sighting) => changed.get(sighting.stableKey) ?? sighting), ...added], problems }
}

const credentialsOf = ({ traits }: Sighting): string[] =>
  traits.flatMap(({ credential }) => credential?.fingerprint ?? [])
