import { accessKeyFact } from '../aws/access-key.ts'
import { LIMITED_TO_NETWORKS } from '../exports/credential-fact.ts'
import type { Sighting, Trait } from '../report.ts'

/**
 * Whether a credential opens an API that the vendor has on the internet. Such an endpoint has no way in that could be
 * closed: whoever holds a copy acts from wherever they are, unless the credential itself is taken from some networks only.
 */
export const isOfPublicEndpoint = (trait: Trait, { source, traits }: Pick<Sighting, 'source' | 'traits'>): boolean =>
  (PUBLIC_ALWAYS[trait.trait]?.(trait.detail) ?? BY_VENDOR[trait.trait]?.has(source) ?? false) &&
  !traits.some((other) => other.trait === LIMITED_TO_NETWORKS)

// Whichever source tells of them: they are keys of a cloud. An inactive key opens nothing.
const PUBLIC_ALWAYS: Readonly<Record<string, (detail: string) => boolean>> = {
  'aws:access-key': (detail) => accessKeyFact(detail)?.isActive ?? true,
  'terraform:static-key': () => true,
}

// What these sources list are credentials of the vendor's own API. Databases, machines, clusters and stores of secrets
// stand in networks of their owner, of which no export tells.
const VENDORS: ReadonlySet<string> = new Set(['azure', 'gcp', 'github', 'google-workspace', 'okta', 'slack'])
const BY_VENDOR: Readonly<Record<string, ReadonlySet<string>>> = {
  // Of the smaller services, those list credentials that a vendor runs; a static secret may be of one's own Keycloak.
  'credential:listed': new Set([...VENDORS, 'services']),
  'credential:while-used': VENDORS,
  'app:static-secret': VENDORS,
}
