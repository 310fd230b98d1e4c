/**
 * What an export of a live system is complete for: the account or cluster that a stable key names. `undefined` where the
 * key names none: then nothing is said about what is missing there.
 */
export const scopeOf = (stableKey: string): string | undefined => {
  const parts = stableKey.split(':')
  // aws:arn:PARTITION:iam::ACCOUNT:…
  if (parts[0] === 'aws' && parts[1] === 'arn' && parts.length > 6) return parts.slice(0, 6).join(':')
  if (parts[0] === 'kubernetes' && parts.length > 2) return parts.slice(0, 2).join(':')
  const at = stableKey.lastIndexOf('@')
  return parts[0] === 'gcp' && at !== -1 ? `gcp:${stableKey.slice(at + 1)}` : undefined
}

/** What a source is, where nobody says otherwise: what it reads is what somebody declares, or what is there. */
export const standingOf = (source: string): 'declared' | 'live' | null => STANDING_OF.get(source) ?? null

const STANDING_OF = new Map<string, 'declared' | 'live'>([
  ['aws', 'live'],
  ['terraform-state', 'declared'],
  ['terraform', 'declared'],
  ['cloudformation', 'declared'],
])
