import type { Sighting as ScanSighting } from '@reeve/scan/posture'
import { CREDENTIAL_TYPES, ENVIRONMENTS, type Meaning, meaningsOf, type Trait } from '@reeve/scan/posture'
import { z } from 'zod'
import type { Identity } from '../domain/identity.ts'
import type { Sighting } from '../domain/sighting.ts'
import { partTraits } from './part-traits.ts'

// What is kept was checked when it was taken in; a credential of a type that this version does not know is left out.
const CredentialType = z.enum(CREDENTIAL_TYPES)

/** A sighting of the register as the rules judge one. */
export const seenSighting = (sighting: Sighting): ScanSighting => {
  const [where = { path: sighting.name, line: 1, repository: sighting.repository, inRepository: '' }, ...alsoAt] =
    sighting.places
  const environment = ENVIRONMENTS.find((name) => name === sighting.environment)
  return {
    source: sighting.source,
    kind: sighting.kind,
    name: sighting.name,
    stableKey: sighting.stableKey,
    repository: sighting.repository,
    where,
    alsoAt,
    reaches: [],
    evidence: sighting.evidence,
    environment: environment === undefined ? null : { value: environment, because: 'the scan that saw it' },
    ownerHint:
      sighting.ownerHint ?? (sighting.identityId === null ? null : { value: 'register', because: 'it is managed' }),
    traits: sighting.traits.map(traitOf),
  }
}

/** A sighting beside others that share something with it, with what the register knows of whose it is. */
export const sharedSighting = (sighting: Sighting, identity: Identity | undefined): ScanSighting => {
  const seen = seenSighting(sighting)
  if (identity === undefined) return seen
  const traits = partTraits(identity).map(([trait, detail]) => ({ trait: `nhi:${trait}`, detail, where: seen.where }))
  return { ...seen, traits: [...seen.traits, ...traits] }
}

const traitOf = ({ credential, confidence, severity, ...rest }: Sighting['traits'][number]): Trait => {
  const type = CredentialType.safeParse(credential?.type)
  return {
    ...rest,
    ...(confidence === undefined ? {} : { confidence }),
    ...(severity === undefined ? {} : { severity }),
    ...(credential === undefined || !type.success
      ? {}
      : {
          credential: {
            ...{ type: type.data, provider: credential.provider, tail: credential.tail },
            fingerprint: credential.fingerprint,
          },
        }),
  }
}

const CARRIED: ReadonlySet<Meaning> = new Set(['privileged', 'long-lived', 'reachable', 'leaked', 'person'])

/** What a sighting of an identity says of it, in the register's words; the rules of its source have judged the rest. */
export const meaningTraits = (sighting: Sighting): readonly Trait[] => {
  if (sighting.goneAt !== null) return []
  return [...meaningsOf(seenSighting(sighting))].flatMap(([meaning, traits]) =>
    CARRIED.has(meaning)
      ? traits
          .slice(0, 3)
          .map(({ detail, where }) => ({ trait: `nhi:${meaning}`, detail: `${sighting.source}: ${detail}`, where }))
      : [],
  )
}
