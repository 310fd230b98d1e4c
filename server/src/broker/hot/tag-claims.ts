import type { AccessTokenClaims } from '@reeve/sdk'
import type { Subject, TokenResource } from '../room.ts'

/** The claims with the tags of the identity that the resource asks for, and with no others. */
export const tagged = (
  { tagClaims, awsSessionTags }: Pick<TokenResource, 'tagClaims' | 'awsSessionTags'>,
  { tags }: Pick<Subject, 'tags'>,
  claims: AccessTokenClaims,
): AccessTokenClaims => {
  if (tagClaims.length === 0 && awsSessionTags.length === 0) return claims
  const said: Record<string, unknown> = {}
  // A tag that the identity does not have is not said at all: an empty one could be taken for a value.
  for (const { tag, claim } of tagClaims) if (tags[tag] !== undefined) said[claim] = tags[tag]
  const session = awsSessionTags.filter(({ tag }) => tags[tag] !== undefined)
  if (session.length > 0)
    said[AWS_TAGS] = {
      principal_tags: Object.fromEntries(session.map(({ tag, key }) => [key, [tags[tag]]])),
      transitive_tag_keys: session.filter(({ isTransitive }) => isTransitive).map(({ key }) => key),
    }
  // INVARIANT: what a token is judged by cannot be said by a tag, whatever was registered.
  return { ...said, ...claims }
}

/** The claim of which AWS's STS makes session tags. */
const AWS_TAGS = 'https://aws.amazon.com/tags'
