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
  /** The `iss` of the tokens, exactly; of callers of AWS arn:aws:sts, arn:aws-cn:sts or arn:aws-us-gov:sts; of SPIFFE spiffe://TRUST-DOMAIN. */
  issuer: Line(500),
  /** The `aud` of the tokens, exactly: best the URL of this server. Left out, it is that where nothing else may be. */
  audience: z.string().max(500).default(''),
  /** Each claim with its text; `*` at the end of a ref stands for any rest. A name that begins with `/` is a JSON pointer. */
  claims: z
    .record(z.string().min(1).max(200), ClaimText)
    .refine((claims) => Object.keys(claims).length <= 30, 'must be at most 30 claims')
    .default({}),
  /** Whose tokens they are, where the issuer does not tell: a GitLab or a cluster of one's own. */
  platform: PlatformName.optional(),
  /** Whether a token may come again until it ends, as where one is handed out for a while. Left out: as its platform does. */
  tokens: z.enum(['once', 'again']).optional(),
  /** Of AWS: the regions whose STS its workloads sign for, such as eu-west-1. */
  regions: z.array(z.string().min(1).max(30)).max(40).optional(),
  /** Of SPIFFE: where the bundle of the trust domain is, an endpoint of the profile https_web. */
  bundleUrl: Line(500).optional(),
  /** Of SPIFFE, in place of a URL: the keys of the trust domain, JWKs with their `kid`. */
  bundleKeys: z.array(Jwk).max(20).optional(),
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
