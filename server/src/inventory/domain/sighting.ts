import type { Kind } from './identity.ts'

/** An identity that was seen in a source; managed once it is known which identity of the register it is. */
export interface Sighting {
  readonly id: string
  readonly source: string
  readonly kind: Kind
  readonly name: string
  /** What stays the same from scan to scan: sightings are joined by it, and never by their name. */
  readonly stableKey: string
  readonly state: 'unmanaged' | 'managed'
  readonly identityId: string | null
  readonly repository: string
  readonly environment: string | null
  readonly ownerHint: { readonly value: string; readonly because: string } | null
  readonly places: readonly string[]
  readonly reaches: readonly { readonly what: string; readonly access: string; readonly because: string }[]
  readonly evidence: readonly string[]
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
}
