import type { Kind } from './identity.ts'

/** Whether a source says what somebody wants to be there, or what is there; `both` where one scan read both kinds. */
export const STANDINGS = ['declared', 'live', 'both'] as const
export type Standing = (typeof STANDINGS)[number]

/** A place in a file; lines count from 1. */
export interface Place {
  readonly path: string
  readonly line: number
  readonly repository: string
  readonly inRepository: string
}

/** A credential as far as anybody may know it: never the secret itself. */
export interface SeenCredential {
  readonly type: string
  readonly provider: string
  /** Fingerprints compare only where it is equal; empty where the scan did not say. */
  readonly saltId: string
  readonly fingerprint: string
  readonly tail: string
}

/** One fact of a sighting, as posture rules judge it. */
export interface Trait {
  readonly trait: string
  readonly detail: string
  readonly where: Place
  readonly credential?: SeenCredential | undefined
  readonly confidence?: 'high' | 'medium' | 'low' | undefined
  readonly severity?: 'critical' | 'high' | 'medium' | 'low' | undefined
}

/** What one scan says of an identity. */
export interface Seen {
  readonly source: string
  readonly kind: Kind
  readonly name: string
  readonly repository: string
  readonly environment: string | null
  readonly ownerHint: { readonly value: string; readonly because: string } | null
  readonly places: readonly Place[]
  readonly reaches: readonly { readonly what: string; readonly access: string; readonly because: string }[]
  readonly evidence: readonly string[]
  readonly traits: readonly Trait[]
  readonly keys: readonly string[]
  readonly creator: string | null
}

/** An identity that was seen in a source; managed once it is known which identity of the register it is. */
export interface Sighting extends Seen {
  readonly id: string
  /** What stays the same from scan to scan: sightings are joined by it, and never by their name. */
  readonly stableKey: string
  readonly state: 'unmanaged' | 'managed'
  readonly identityId: string | null
  readonly apartFrom: string | null
  readonly isDeclared: boolean
  readonly isLive: boolean
  /** Whether every scan that saw it brought its own findings. */
  readonly isJudged: boolean
  readonly goneAt: Date | null
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
}

const KEPT_MAX = 50
const TRAITS_MAX = 100

/** All that several scans say of one sighting; the scan that looked last comes first, and its word counts. */
export const together = (seen: readonly [Seen, ...Seen[]]): Seen => {
  const [first, ...rest] = seen
  if (rest.length === 0) return first
  return {
    ...first,
    environment:
      seen.find(({ environment }) => environment === 'production')?.environment ?? firstOf(seen, 'environment'),
    ownerHint: firstOf(seen, 'ownerHint'),
    creator: firstOf(seen, 'creator'),
    places: distinct(
      seen.flatMap(({ places }) => places),
      placeText,
    ).slice(0, KEPT_MAX),
    reaches: distinct(
      seen.flatMap(({ reaches }) => reaches),
      ({ what, access }) => `${access} ${what}`,
    ).slice(0, KEPT_MAX),
    evidence: [...new Set(seen.flatMap(({ evidence }) => evidence))].slice(0, KEPT_MAX),
    keys: [...new Set(seen.flatMap(({ keys }) => keys))].slice(0, KEPT_MAX),
    traits: distinct(
      seen.flatMap(({ traits }) => traits),
      ({ trait, detail, where }) => `${trait} ${detail} ${placeText(where)}`,
    ).slice(0, TRAITS_MAX),
  }
}

/** A place as people read it. */
export const placeText = ({ path, line }: Place): string => `${path}:${line}`

const firstOf = <Field extends 'environment' | 'ownerHint' | 'creator'>(
  seen: readonly Seen[],
  field: Field,
): Seen[Field] | null => seen.map((each) => each[field]).find((value) => value !== null) ?? null

const distinct = <Value>(values: readonly Value[], keyOf: (value: Value) => string): Value[] => [
  ...new Map(values.map((value) => [keyOf(value), value])).values(),
]
