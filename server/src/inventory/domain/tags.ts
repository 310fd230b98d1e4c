/** Tags of one identity, at most. */
export const TAGS_MAX = 50

const MANDATORY = ['business_unit', 'application'] as const

/** The mandatory tags that are missing, each with a sentence. */
export const missingTags = (
  tags: Readonly<Record<string, string>>,
): readonly { readonly key: string; readonly detail: string }[] => {
  const missing: { key: string; detail: string }[] = MANDATORY.filter((key) => tags[key] === undefined).map((key) => ({
    key,
    detail: `the tag ${key} is mandatory`,
  }))
  if (tags.ticket === undefined && tags.repository === undefined)
    missing.push({ key: 'ticket', detail: 'the tag ticket or the tag repository is mandatory' })
  return missing
}
