import { z } from 'zod'
import { Line } from '../../kit/text.ts'
import { isMadeForUs, type Platform, platformOf, rulesOf, type TokenUse } from '../domain/platform.ts'
import type { TrustTerms } from '../domain/trust.ts'
import type { TrustLint } from '../domain/trust-lint.ts'
import { Jwk } from './jwk-input.ts'

const PlatformName = z.enum(['github', 'gitlab', 'kubernetes', 'google', 'entra', 'aws', 'spiffe', 'id-jag', 'other'])
const ClaimText = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be text without control characters')

/** What a trust believes, as input. The linter says what is wrong with it, so that much may stand here. */
export const TermsInput = {
  issuer: Line(500).describe('the `iss` of the tokens, exactly; or arn:aws:sts, or spiffe://TRUST-DOMAIN'),
  audience: z
    .string()
    .max(500)
    .default('')
    .describe('their `aud`, exactly: best the URL of this server; AWS and SPIFFE need none'),
  claims: z
    .record(z.string().min(1).max(200), ClaimText)
    .refine((claims) => Object.keys(claims).length <= 30, 'must be at most 30 claims')
    .default({})
    .describe(
      'what they must say, exactly; `*` at the end of a ref is any rest; a name with / in front is a JSON pointer',
    ),
  platform: PlatformName.optional().describe('where the issuer does not tell: a GitLab or a cluster of your own'),
  tokens: z
    .enum(['once', 'again'])
    .optional()
    .describe('whether one may come again until it ends; left out: as its platform does'),
  regions: z
    .array(z.string().min(1).max(30))
    .max(40)
    .optional()
    .describe('of AWS: the regions whose STS is signed for, such as eu-west-1'),
  bundleUrl: Line(500).optional().describe('of SPIFFE: where the bundle of the trust domain is (https_web)'),
  bundleKeys: z
    .array(Jwk)
    .max(20)
    .optional()
    .describe('of SPIFFE, in place of a URL: the keys of the trust domain, JWKs with their `kid`'),
}

/** A lint as callers see it. */
export const TrustLintView = z.object({
  code: z.string(),
  level: z.enum(['refused', 'flagged']),
  why: z.string(),
  fix: z.string(),
})

/** What a trust believes, as callers see it. */
export const TrustView = z.object({
  issuer: z.string(),
  audience: z.string(),
  platform: PlatformName,
  claims: z.record(z.string(), z.string()),
  tokens: z.enum(['once', 'again']),
  /** Of AWS: the regions whose STS is asked. */
  regions: z.array(z.string()),
  /** Of SPIFFE: where the keys of the trust domain are; null where they were given. */
  bundleUrl: z.string().nullable(),
  /** The key ids of those that were given. */
  bundleKeyIds: z.array(z.string()),
})

/** Reads the input; some platforms make their proofs for this server, by its URL, or not at all. */
export const readTerms = (
  input: {
    readonly issuer: string
    readonly audience: string
    readonly claims: Readonly<Record<string, string>>
    readonly platform?: Platform | undefined
    readonly tokens?: TokenUse | undefined
    readonly regions?: readonly string[] | undefined
    readonly bundleUrl?: string | undefined
    readonly bundleKeys?: readonly Readonly<Record<string, unknown>>[] | undefined
  },
  ownIssuer: string,
): TrustTerms => {
  const platform = input.platform ?? platformOf(input.issuer) ?? 'other'
  return {
    issuer: input.issuer,
    audience: input.audience === '' && isMadeForUs(platform) ? ownIssuer : input.audience,
    claims: input.claims,
    platform,
    tokens: input.tokens ?? rulesOf(platform).tokens,
    ...(input.regions === undefined ? {} : { regions: input.regions }),
    ...bundleOf(input),
  }
}

const bundleOf = ({
  bundleUrl: url,
  bundleKeys: keys,
}: {
  readonly bundleUrl?: string | undefined
  readonly bundleKeys?: readonly Readonly<Record<string, unknown>>[] | undefined
}): Pick<TrustTerms, 'bundle'> =>
  url === undefined && keys === undefined
    ? {}
    : { bundle: { ...(url === undefined ? {} : { url }), ...(keys === undefined ? {} : { keys }) } }

/** A trust as callers see it. */
export const viewTrust = (terms: TrustTerms): z.infer<typeof TrustView> => ({
  issuer: terms.issuer,
  audience: terms.audience,
  platform: terms.platform,
  claims: { ...terms.claims },
  tokens: terms.tokens,
  regions: [...(terms.regions ?? [])],
  bundleUrl: terms.bundle?.url ?? null,
  bundleKeyIds: (terms.bundle?.keys ?? []).map(({ kid }) => String(kid)),
})

/** Lints as callers see them. */
export const viewLints = (lints: readonly TrustLint[]): z.infer<typeof TrustLintView>[] =>
  lints.map((lint) => ({ ...lint }))
