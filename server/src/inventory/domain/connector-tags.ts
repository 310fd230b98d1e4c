/** What there is to know of an identity where it is tagged. */
export interface TaggedIdentity {
  readonly id: string
  readonly name: string
  readonly owner: string
  readonly environment: string
  readonly tags: Readonly<Record<string, string>>
}

/** Something at a vendor that can be tagged, by its stable key, with those tags of ours that it has. */
export interface TagTarget {
  readonly key: string
  /** Where it is there, where its key does not say. */
  readonly at?: string
  readonly tags: Readonly<Record<string, string>>
}

/** Tags that something at a vendor should have and has not. */
export interface TagWrite {
  readonly key: string
  readonly at?: string
  readonly identity: string
  readonly set: Readonly<Record<string, string>>
  readonly before: Readonly<Record<string, string>>
}

/** The tags of ours, by the names that they have at every vendor in its own writing. */
export const TAG_NAMES = ['identity', 'owner', 'environment', 'application', 'business-unit'] as const
export type TagName = (typeof TAG_NAMES)[number]

/** What something of this identity is tagged with. */
const tagsFor = ({ name, owner, environment, tags }: TaggedIdentity): Readonly<Partial<Record<TagName, string>>> => ({
  identity: name,
  owner,
  environment,
  ...(tags.application === undefined ? {} : { application: tags.application }),
  ...(tags.business_unit === undefined ? {} : { 'business-unit': tags.business_unit }),
})

/**
 * What is to be written so that what is there says whose it is. Only tags of ours are set, none is taken away, and what
 * nobody has adopted is not touched; a value that the vendor cannot hold is left out.
 */
export const tagWrites = (
  targets: readonly TagTarget[],
  identities: ReadonlyMap<string, TaggedIdentity>,
  fits: (value: string) => boolean,
): readonly TagWrite[] =>
  targets.flatMap(({ key, tags, at }) => {
    const identity = identities.get(key)
    if (identity === undefined) return []
    const missing = Object.entries(tagsFor(identity)).filter(([name, value]) => tags[name] !== value && fits(value))
    if (missing.length === 0) return []
    const before = Object.fromEntries(
      missing.flatMap(([name]) => (tags[name] === undefined ? [] : [[name, tags[name]]])),
    )
    return [
      { key, identity: identity.id, set: Object.fromEntries(missing), before, ...(at === undefined ? {} : { at }) },
    ]
  })
