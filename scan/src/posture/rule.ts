import type { Confidence, Location, Owasp, SeenCredential, Severity, Sighting, Trait } from '../report.ts'

/** One thing that can be wrong. Pure: over the sightings of a scan now, over those of the whole register later. */
export interface Rule {
  readonly id: string
  readonly owasp: Owasp
  readonly severity: Severity
  readonly confidence: Confidence
  readonly title: string
  readonly why: string
  readonly fix: string
  judge(estate: Estate): readonly Judged[]
}

/** What rules judge. */
export interface Estate {
  readonly sightings: readonly Sighting[]
  readonly now: Date
}

/** What a rule found; what it leaves out is as the rule says. */
export interface Judged {
  readonly sighting: Sighting
  readonly where: Location
  readonly evidence: readonly string[]
  /** Tells two findings of one rule in one file apart, whatever line they are on. */
  readonly key: string
  readonly title?: string
  readonly severity?: Severity
  readonly confidence?: Confidence
  readonly credential?: SeenCredential
}

/** Judges each trait of one name by itself, with the sighting that has it; `undefined` is no finding. */
export const perTrait =
  (name: string, judge: (trait: Trait, sighting: Sighting) => Partial<Judged> | undefined = () => ({})) =>
  (estate: Estate): Judged[] =>
    (traitsOf(estate).get(name) ?? []).flatMap(({ trait, sighting }) => {
      const judged = judge(trait, sighting)
      if (!judged) return []
      const { where, credential, severity, confidence } = trait
      return [
        {
          sighting,
          where,
          evidence: [trait.detail],
          key: credential?.fingerprint ?? trait.detail,
          ...(credential ? { credential } : {}),
          ...(severity ? { severity } : {}),
          ...(confidence ? { confidence } : {}),
          ...judged,
        },
      ]
    })

type TraitsByName = ReadonlyMap<string, readonly { readonly trait: Trait; readonly sighting: Sighting }[]>

// Some two hundred rules ask one estate, each for one trait: it is looked through once.
const traitsOf = (estate: Estate): TraitsByName => {
  const known = indexes.get(estate)
  if (known) return known
  const all = estate.sightings.flatMap((sighting) => sighting.traits.map((trait) => ({ trait, sighting })))
  const index = Map.groupBy(all, ({ trait }) => trait.trait)
  indexes.set(estate, index)
  return index
}

const indexes = new WeakMap<Estate, TraitsByName>()

/** Whether a sighting has one of these traits. */
export const has = (sighting: Sighting, ...names: readonly string[]): boolean =>
  sighting.traits.some(({ trait }) => names.includes(trait))
