/** Where a connector's secret is: sealed in its row, or where whoever runs this server put it. */
export type ConnectorSecret =
  | { readonly kind: 'sealed'; readonly sealed: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string }
  | { readonly kind: 'none' }

/** A live system that is asked what is there. */
export interface Connector {
  readonly id: string
  readonly name: string
  readonly vendor: string
  readonly mode: 'read-only' | 'propose' | 'enforce'
  readonly settings: Readonly<Record<string, string>>
  /** Parts of the vendor that are left out on purpose. */
  readonly without: readonly string[]
  readonly everyHours: number
  readonly secret: ConnectorSecret
  readonly createdAt: Date
  readonly createdBy: string | null
  /** When it is asked next. */
  readonly dueAt: Date
  readonly lastRun: ConnectorRun | null
}

/**
 * What one run came to. Complete: every part was read to its end, and what was not seen is gone. Partial: some was not, so
 * that nothing is gone because of it. Failed: nothing was read.
 */
export interface ConnectorRun {
  readonly startedAt: string
  readonly endedAt: string
  readonly outcome: 'complete' | 'partial' | 'failed'
  readonly sightings: number
  readonly findings: number
  readonly gone: number
  readonly closed: number
  readonly gaps: readonly { readonly part: string; readonly why: string }[]
  /** What the parser could not know, and that costs nothing of what was seen. */
  readonly notes: readonly string[]
  /** Tags that it wrote, or would write, the first of them. */
  readonly writes: readonly ConnectorWrite[]
}

/** Tags of an identity at a vendor. */
export interface ConnectorWrite {
  readonly key: string
  readonly identity: string
  readonly set: Readonly<Record<string, string>>
  readonly state: 'proposed' | 'written' | 'failed'
  readonly why: string | null
}

/** The name under which what a connector sees is filed, as a scan's. */
export const scanOf = (name: string): string => `connector/${name}`

const HOUR_MS = 3_600_000
const AGAIN_MS = 15 * 60_000

/** When it is asked next; one that failed altogether is asked again soon, in case it was only away. */
export const nextDue = (everyHours: number, outcome: ConnectorRun['outcome'], now: Date): Date =>
  new Date(now.getTime() + (outcome === 'failed' ? Math.min(AGAIN_MS, everyHours * HOUR_MS) : everyHours * HOUR_MS))
