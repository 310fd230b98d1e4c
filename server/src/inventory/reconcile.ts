import type { Transaction } from 'kysely'
import { standingOf } from './domain/scope.ts'
import { placeText, type Seen, type Standing, together } from './domain/sighting.ts'
import { type Holder, holdersOfKeys } from './holders.ts'
import type { InventoryPorts } from './room.ts'
import type { InventoryTables } from './schema.ts'
import { keptOf, type SightingInput } from './sighting-shape.ts'
import {
  digestOf,
  forgetUnseen,
  holdKnown,
  type Known,
  keepReachesAndSecrets,
  keepWords,
  markGone,
  markSeen,
  rewriteSightings,
  type ScanWord,
  type SecretPlace,
  secretId,
  touch,
  wordsOf,
  writeSightings,
} from './store-scan.ts'

/** The scan that a batch of sightings is part of. */
export interface Scan {
  readonly name: string
  readonly scannedAt: Date
  /** What it looked at, where it is not what its sources usually are. */
  readonly standing: Standing | undefined
  /** Whether it brings its own findings. */
  readonly isJudged: boolean
  readonly saltId: string
}

/** What a batch did to the register. */
export interface Reconciled {
  readonly created: number
  readonly seenAgain: number
  readonly changed: number
  readonly joined: number
  readonly ambiguous: number
  readonly unmanaged: number
  readonly unowned: number
}

/** With what a batch is reconciled. */
interface Given {
  readonly tx: Transaction<InventoryTables>
  readonly ports: Pick<InventoryPorts, 'keys'>
  readonly now: Date
  newId(prefix: string): string
}

/** One sighting of the batch: what the scan says of it, what was known of it, and whose it turns out to be. */
interface Each {
  readonly key: string
  readonly id: string
  readonly word: ScanWord
  readonly digest: string
  readonly known: Known | undefined
  readonly holder: Holder | undefined
  readonly isAmbiguous: boolean
}

/**
 * Files what a scan saw: joined to what is known by stable key, and to identities by any of its keys. Never by name.
 * What says the same as in the last scan is not written again.
 */
export const reconcile = async (inputs: readonly SightingInput[], scan: Scan, given: Given): Promise<Reconciled> => {
  const { tx } = given
  const seenMs = scan.scannedAt.getTime()
  const all = await eachOf(inputs, scan, given)
  // An older scan that arrives late does not take back what a later one said.
  const current = all.filter(({ known }) => (known?.ofScan?.scannedMs ?? seenMs) <= seenMs)
  const written = current.filter((each) => each.known === undefined || each.holder !== undefined || !isSame(each))
  const untouched = new Set(written)
  const again = current.filter((each) => !untouched.has(each))
  await touch(
    tx,
    scan.name,
    again.map(({ id }) => id),
    seenMs,
  )
  await write(written, scan, given)
  await markSeen(
    tx,
    current.flatMap(({ known, holder }) => known?.identityId ?? holder?.id ?? []),
    seenMs,
  )
  const nobodys = all.filter(({ known, holder }) => known?.identityId == null && holder === undefined)
  return {
    created: all.filter(({ known }) => known === undefined).length,
    seenAgain: all.filter(({ known }) => known !== undefined).length,
    changed: written.filter((each) => each.known !== undefined && !isSame(each)).length,
    joined: written.filter(({ holder }) => holder !== undefined).length,
    ambiguous: all.filter(({ isAmbiguous }) => isAmbiguous).length,
    unmanaged: nobodys.length,
    unowned: nobodys.filter(({ word }) => word.seen.ownerHint === null).length,
  }
}

const isSame = ({ known, digest }: Each): boolean => known?.ofScan?.digest === digest && !known.isGone

const eachOf = async (inputs: readonly SightingInput[], scan: Scan, given: Given): Promise<readonly Each[]> => {
  // In one order everywhere, so that two imports at once take the rows' locks alike.
  const byKey = new Map(inputs.map((input) => [input.stableKey, input]))
  const ordered = [...byKey].sort(([one], [other]) => (one < other ? -1 : 1))
  const known = await holdKnown(
    given.tx,
    ordered.map(([key]) => key),
    scan.name,
  )
  const open = ordered.filter(([key]) => known.get(key)?.identityId == null)
  const holders = await holdersOfKeys(
    given.tx,
    given.ports,
    open.flatMap(([key, { keys }]) => [key, ...keys]),
  )
  return ordered.map(([key, input]) => {
    const before = known.get(key)
    const word = wordOf(input, scan)
    const named = before?.identityId == null ? [key, ...input.keys].flatMap((each) => holders.get(each) ?? []) : []
    // What somebody split from an identity is not put back by the next scan.
    const ids = new Map(named.filter(({ id }) => id !== before?.apartFrom).map((holder) => [holder.id, holder]))
    const [first] = ids.values()
    return {
      key,
      id: before?.id ?? given.newId('sig'),
      word,
      digest: digestOf(word),
      known: before,
      holder: ids.size === 1 ? first : undefined,
      isAmbiguous: ids.size > 1,
    }
  })
}

const wordOf = (input: SightingInput, { standing, isJudged, saltId }: Scan): ScanWord => ({
  seen: keptOf(input, saltId),
  standing: standing ?? input.standing ?? standingOf(input.source),
  isJudged,
})

const write = async (written: readonly Each[], scan: Scan, given: Given): Promise<void> => {
  const { tx, now } = given
  if (written.length === 0) return
  const seenMs = scan.scannedAt.getTime()
  // What other scans say of those that are known already; of a new one nobody else can have said anything.
  const knownIds = written.flatMap(({ known }) => known?.id ?? [])
  const others = await wordsOf(tx, knownIds, scan.name)
  const filed = written.map((each) => ({
    id: each.id,
    stableKey: each.key,
    identity: each.holder,
    seenMs,
    ...joinedWords([each.word, ...(others.get(each.id) ?? [])]),
  }))
  const ids = await writeSightings(tx, filed)
  const idOf = (each: { readonly stableKey: string; readonly id: string }) => ids.get(each.stableKey) ?? each.id
  await keepWords(
    tx,
    scan.name,
    written.map(({ key, id, word, digest }) => ({
      ...word,
      id: idOf({ stableKey: key, id }),
      digest,
      scannedMs: seenMs,
    })),
  )
  const kept = filed.map((each) => ({ id: idOf(each), reaches: each.seen.reaches, secrets: secretsOf(each.seen) }))
  const isKnown = new Set(knownIds)
  await keepReachesAndSecrets(tx, kept, { now, isKnown: (id) => isKnown.has(id) })
}

/** What all scans say together, the one that looked last first. */
const joinedWords = (words: readonly [ScanWord, ...ScanWord[]]) => {
  const [first, ...rest] = words
  return {
    seen: together([first.seen, ...rest.map(({ seen }) => seen)]),
    isDeclared: words.some(({ standing }) => standing === 'declared' || standing === 'both'),
    isLive: words.some(({ standing }) => standing === 'live' || standing === 'both'),
    isJudged: words.every(({ isJudged }) => isJudged),
  }
}

const secretsOf = ({ traits }: Seen): readonly SecretPlace[] =>
  traits.flatMap(({ credential, where }) =>
    credential === undefined
      ? []
      : [{ ...credential, id: secretId(credential.saltId, credential.fingerprint), place: placeText(where) }],
  )

const GONE_BATCH = 500

/** After the last batch of a complete scan: what it no longer sees is what other scans say of it, or gone. Returns how many are gone. */
export const endScan = async (scan: Pick<Scan, 'name' | 'scannedAt'>, given: Given): Promise<number> => {
  const { tx, now } = given
  let gone = 0
  for (;;) {
    const ids = await forgetUnseen(tx, scan.name, scan.scannedAt.getTime(), GONE_BATCH)
    const others = await wordsOf(tx, ids, scan.name)
    const lost = ids.filter((id) => !others.has(id))
    gone += await markGone(tx, lost, now)
    await rewrite(others, given)
    if (ids.length < GONE_BATCH) return gone
  }
}

const rewrite = async (words: ReadonlyMap<string, readonly ScanWord[]>, { tx, now }: Given): Promise<void> => {
  const rows = [...words].flatMap(([id, [first, ...rest]]) =>
    first === undefined ? [] : [{ id, ...joinedWords([first, ...rest]) }],
  )
  await rewriteSightings(tx, rows)
  await keepReachesAndSecrets(
    tx,
    rows.map(({ id, seen }) => ({ id, reaches: seen.reaches, secrets: secretsOf(seen) })),
    { now, isKnown: () => true },
  )
}
