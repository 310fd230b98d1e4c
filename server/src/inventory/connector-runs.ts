import type { AnyTx, Database } from '../kit/database.ts'
import type { Log } from '../kit/log.ts'
import type { Operation } from '../kit/operation.ts'
import { withoutSecrets } from '../kit/secret-shape.ts'
import { sealedAt } from './connector-shape.ts'
import { writesFor } from './connector-tags.ts'
import { type Connector, type ConnectorRun, type ConnectorWrite, scanOf } from './domain/connector.ts'
import type { ConnectorRunPorts, SeenLive } from './room.ts'
import { dueConnectors, freeConnector, leaseConnector } from './store-connector.ts'

/** With what connectors are run. */
export interface ConnectorRunsGiven {
  readonly database: Database
  readonly ports: ConnectorRunPorts
  readonly replica: string
  readonly log: Log
  readonly operations: {
    readonly importSightings: Operation
    readonly importFindings: Operation
    readonly finish: Operation
    readonly tag: Operation
  }
  /** Calls an operation as this server's own automation. */
  call(operation: Operation, input: unknown): Promise<unknown>
}

/** Runs of connectors, which take from seconds to many minutes, beside everything else. */
export interface ConnectorRuns {
  /** Begins those that are due and that no replica runs, a few at a time. */
  begin(now: Date): Promise<void>
  /** When all that have begun have ended. */
  settled(): Promise<void>
  /** Gives up those under way; they stay due. */
  stop(): Promise<void>
}

const AT_ONCE = 3
const RUN_MS_MAX = 20 * 60_000
// Longer than a run: who has the lease is done, or gone.
const LEASE_MS = RUN_MS_MAX + 10 * 60_000
const BATCH = 200
const TEXT_MAX = 500

/** Runs connectors: each asks its vendor, and hands what it sees to the operations by which a scan is imported. */
export const createConnectorRuns = (given: ConnectorRunsGiven): ConnectorRuns => {
  const { database, replica, log } = given
  const running = new Map<string, Promise<void>>()
  const end = new AbortController()
  const start = async (id: string, now: Date): Promise<void> => {
    const until = new Date(now.getTime() + LEASE_MS)
    const connector = await database.write((tx: AnyTx) => leaseConnector(tx, id, { holder: replica, now, until }))
    if (connector === undefined) return
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(RUN_MS_MAX)])
    const isStopping = (): boolean => end.signal.aborted
    const run = runOne(connector, now, { ...given, signal, isStopping })
      .catch((error: unknown) => {
        if (!isStopping())
          log.error({ connector: connector.name, err: error }, 'what a connector came to could not be kept')
      })
      .then(() => database.write((tx: AnyTx) => freeConnector(tx, id, replica)))
      .catch((error: unknown) => log.error({ err: error }, 'a connector could not be given back'))
      .finally(() => running.delete(id))
    running.set(id, run)
  }
  return {
    begin: async (now) => {
      const due = await dueConnectors(database.reader, now, AT_ONCE * 4)
      for (const id of due) if (!running.has(id) && running.size < AT_ONCE && !end.signal.aborted) await start(id, now)
    },
    settled: async () => {
      await Promise.all(running.values())
    },
    stop: async () => {
      end.abort()
      await Promise.all(running.values())
    },
  }
}

const runOne = async (connector: Connector, startedAt: Date, given: Running): Promise<void> => {
  const run = { connector: connector.id, startedAt: startedAt.toISOString() }
  const came = await cameOf(connector, startedAt, given).catch((error: unknown) => {
    // Who stops the server in the middle has found out nothing; the run stays due.
    if (given.isStopping()) throw error
    given.log.error({ connector: connector.name, err: error }, 'a run of a connector failed')
    const why = given.signal.aborted
      ? 'it took too long'
      : 'what it answered could not be taken in; the log of this server says why'
    return { ...NOTHING, gaps: [{ part: 'all', why }], notes: [], writes: [], outcome: 'failed' as const }
  })
  await given.call(given.operations.finish, { ...run, ...came })
}

interface Running extends ConnectorRunsGiven {
  readonly signal: AbortSignal
  isStopping(): boolean
}

const cameOf = async (
  connector: Connector,
  startedAt: Date,
  given: Running,
): Promise<Omit<ConnectorRun, 'startedAt' | 'endedAt'>> => {
  const seen = await seenBy(connector, startedAt, given)
  given.signal.throwIfAborted()
  // INVARIANT: only a run that read everything to its end says that what it did not see is gone.
  const isWhole = seen.gaps.length === 0
  if (seen.isNothing && !isWhole) return { ...NOTHING, ...told(seen), writes: [], outcome: 'failed' }
  const counts = await handOver(connector, startedAt, seen, isWhole, given)
  const writes = connector.mode === 'read-only' ? [] : await writeBack(connector, seen, given)
  return { ...counts, ...told(seen), writes, outcome: isWhole ? 'complete' : 'partial' }
}

const NOTHING = { sightings: 0, findings: 0, gone: 0, closed: 0 }

const told = ({ gaps, notes }: SeenLive): Pick<ConnectorRun, 'gaps' | 'notes'> => ({
  gaps: gaps.slice(0, 100).map(({ part, why }) => ({ part: part.slice(0, TEXT_MAX), why: why.slice(0, TEXT_MAX) })),
  notes: notes.slice(0, 100).map((note) => note.slice(0, TEXT_MAX)),
})

const seenBy = async (
  connector: Connector,
  now: Date,
  { ports, signal }: Pick<ConnectorRunsGiven, 'ports'> & { readonly signal: AbortSignal },
): Promise<SeenLive> => {
  const secret = secretOf(connector, ports)
  if (secret === undefined) {
    const why = `the ${connector.secret.kind} that holds its secret is not there, or is empty`
    return {
      report: { sightings: [], findings: [], saltId: '' },
      gaps: [{ part: 'all', why }],
      notes: [],
      targets: [],
      isNothing: true,
    }
  }
  return unlessAborted(ports.see({ connector, secret, now, signal }), signal)
}

/** What is asked of a vendor, until nobody waits for it: a server that stops is not held up by somebody else's. */
const unlessAborted = async <T>(asked: Promise<T>, signal: AbortSignal): Promise<T> => {
  asked.catch(() => undefined)
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('nobody waits for it any more')), { once: true })
  })
  signal.throwIfAborted()
  return Promise.race([asked, aborted])
}

const secretOf = ({ id, secret }: Connector, ports: ConnectorRunPorts): string | undefined => {
  if (secret.kind === 'none') return ''
  if (secret.kind === 'sealed') return ports.sealer.open(secret.sealed, sealedAt(id)).toString('utf8')
  return ports.placedSecret(secret)
}

const handOver = async (
  { name }: Connector,
  startedAt: Date,
  { report }: SeenLive,
  isWhole: boolean,
  { operations, call }: ConnectorRunsGiven,
): Promise<typeof NOTHING> => {
  const source = scanOf(name)
  const scannedAt = startedAt.toISOString()
  let gone = 0
  let closed = 0
  for (const { items, isLast } of batches(report.sightings)) {
    const sightings = items.map(storable)
    const scan = { name: source, scannedAt, complete: isLast && isWhole, standing: 'live', isJudged: true }
    gone += countIn(await call(operations.importSightings, { sightings, saltId: report.saltId, scan }), 'gone')
  }
  for (const { items, isLast } of batches(report.findings)) {
    const findings = items.map(storable).map(({ where, evidence, ...rest }) => ({
      ...rest,
      where: { path: where.path, line: where.line },
      evidence: evidence.slice(0, 20),
    }))
    const complete = isLast && isWhole
    closed += countIn(await call(operations.importFindings, { source, scannedAt, complete, findings }), 'closed')
  }
  return { sightings: report.sightings.length, findings: report.findings.length, gone, closed }
}

const WRITES_MAX = 500
const WRITES_TOLD = 100

/** Shows what would be tagged, or tags it, each only after it is recorded. What fails is told, and costs no other. */
const writeBack = async (
  connector: Connector,
  { targets }: SeenLive,
  given: Running,
): Promise<readonly ConnectorWrite[]> => {
  const { database, ports, operations, call, signal } = given
  const all = await writesFor(database.reader, targets, (value) => ports.fits(connector.vendor, value))
  const done: ConnectorWrite[] = []
  for (const { before, at, ...write } of all.slice(0, connector.mode === 'propose' ? WRITES_TOLD : WRITES_MAX)) {
    signal.throwIfAborted()
    if (connector.mode === 'propose') {
      done.push({ ...write, state: 'proposed', why: null })
      continue
    }
    const where = at === undefined ? {} : { at }
    // INVARIANT: what is not recorded is not written.
    await call(operations.tag, { connector: connector.id, ...write, before })
    const asked = { connector, secret: secretOf(connector, ports) ?? '', write: { ...write, ...where }, signal }
    const why = await unlessAborted(ports.write(asked), signal)
    done.push({ ...write, state: why === undefined ? 'written' : 'failed', why: why?.slice(0, TEXT_MAX) ?? null })
  }
  // What failed is what somebody has to look at.
  return done
    .toSorted((one, other) => Number(other.state === 'failed') - Number(one.state === 'failed'))
    .slice(0, WRITES_TOLD)
}

/** Whoever names things there could name one like a secret, or as no text is, and have nothing of it taken in. */
const storable = <T>(value: T): T => JSON.parse(JSON.stringify(value, cleaned))

const cleaned = (_name: string, value: unknown): unknown =>
  typeof value === 'string' ? withoutSecrets(value.toWellFormed().replaceAll('\0', '')) : value

const countIn = (answer: unknown, name: string): number => {
  const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined
  return typeof value === 'number' ? value : 0
}

// Also of nothing there is one: that nothing was seen is what ends all that was.
const batches = <T>(items: readonly T[]): readonly { readonly items: readonly T[]; readonly isLast: boolean }[] => {
  const count = Math.max(1, Math.ceil(items.length / BATCH))
  return Array.from({ length: count }, (_, at) => ({
    items: items.slice(at * BATCH, (at + 1) * BATCH),
    isLast: at === count - 1,
  }))
}
