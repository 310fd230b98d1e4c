import { z } from 'zod'
import type { AnyDb } from '../../kit/database.ts'
import { DEPLOYMENT } from '../../kit/operation.ts'
import { Line, Moment, Prose } from '../../kit/text.ts'
import { CONFIDENCES, isOwnSource, SEVERITIES } from '../domain/finding.ts'
import { fault } from '../faults.ts'
import { riskSignals } from '../open-risk.ts'
import { type ObservePorts, operation } from '../room.ts'
import { closeUnseen, reportFindings, type SeenFinding } from '../store-finding.ts'

const BATCH_MAX = 500
const SKEW_MS = 5 * 60 * 1000

/** A finding as `reeve scan` writes it. */
const ScanFinding = z.strictObject({
  fingerprint: z.string().regex(/^[\w-]{8,100}$/),
  rule: z.string().regex(/^[\w./:-]{1,100}$/),
  severity: z.enum(SEVERITIES),
  confidence: z.enum(CONFIDENCES),
  owasp: z.string().regex(/^NHI(?:[1-9]|10)$/),
  title: Line(300),
  why: Prose(2000),
  fix: Prose(2000),
  where: z.strictObject({ path: Line(1000), line: z.number().int().min(0) }),
  evidence: z.array(Prose(500)).max(20),
  sighting: Line(500).optional(),
  /** The identity that it is about, by id or name, where the scanner knows it. */
  identity: Line(100).optional(),
})

/** Takes the findings of a scan into the one table; the last batch of a scan says that it is complete. */
export const importFinding = operation.write({
  name: 'observe.finding.import',
  summary: 'import the findings of a scan, and close what a complete scan of the source no longer sees',
  input: z.strictObject({
    source: z.string().regex(/^[\w][\w./@:-]{0,199}$/),
    /** When the scan ran: the same in every batch of one scan. */
    scannedAt: Moment,
    complete: z.boolean().default(false),
    findings: z.array(ScanFinding).max(BATCH_MAX),
  }),
  output: z.object({ imported: z.number(), closed: z.number() }),
  faults: ['source_reserved', 'scan_in_the_future'],
  // Connectors hand over what they see as scans do.
  principals: ['human', 'nhi', 'automation'],
  on: () => DEPLOYMENT,
  run: async ({ tx, input, ports, now }) => {
    const { source, complete } = input
    if (isOwnSource(source)) throw fault('source_reserved')
    const scannedAt = new Date(input.scannedAt)
    // A scan of tomorrow would outlive every scan of today.
    if (scannedAt.getTime() > now.getTime() + SKEW_MS) throw fault('scan_in_the_future')
    const identities = await identityIds(ports, tx, input.findings)
    const keys = input.findings.flatMap(({ sighting }) => sighting ?? [])
    const sighted = await ports.sightings.identitiesOf(tx, [...new Set(keys)])
    const seen = input.findings.map((finding) => toSeen(finding, identities, sighted))
    const concerned = await reportFindings(tx, seen, now, { source, scannedAt, teamOf: teamOf(ports, tx) })
    const closed = complete ? await closeUnseen(tx, source, scannedAt, now) : []
    return {
      output: { imported: seen.length, closed: closed.length },
      evidence: { source, scannedAt: scannedAt.toISOString(), complete, imported: seen.length, closed: closed.length },
      signals: riskSignals([...concerned, ...closed.map(({ identity }) => identity)]),
    }
  },
})

const teamOf = (ports: ObservePorts, db: AnyDb) => async (identity: string) =>
  (await ports.identities.find(db, identity))?.owner.id ?? null

const identityIds = async (
  ports: ObservePorts,
  db: AnyDb,
  findings: readonly z.infer<typeof ScanFinding>[],
): Promise<ReadonlyMap<string, string>> => {
  const ids = new Map<string, string>()
  for (const name of new Set(findings.map(({ identity }) => identity))) {
    const found = name === undefined ? undefined : await ports.identities.find(db, name)
    if (name !== undefined && found !== undefined) ids.set(name, found.id)
  }
  return ids
}

const toSeen = (
  finding: z.infer<typeof ScanFinding>,
  identities: ReadonlyMap<string, string>,
  sighted: ReadonlyMap<string, string>,
): SeenFinding => ({
  ...finding,
  where: `${finding.where.path}:${finding.where.line}`,
  evidence: Object.fromEntries(finding.evidence.map((text, index) => [String(index + 1), text])),
  identity: identities.get(finding.identity ?? '') ?? sighted.get(finding.sighting ?? '') ?? null,
  sighting: finding.sighting ?? null,
})
