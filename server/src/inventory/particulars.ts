import { coreFault, type Fault } from '../kit/fault.ts'
import { readMoment } from '../kit/moment.ts'
import { TEMPORARY_REVIEW_DAYS, TIERS } from '../settings.ts'
import type { Declared, Identity, Particulars } from './domain/identity.ts'
import { daysAfter, EXPIRY_DAYS_MAX } from './domain/moment.ts'
import type { IdentityInput } from './identity-shape.ts'

/** The texts of an input with their moments read. */
export type DeclaredInput = Omit<IdentityInput, 'expiresAt' | 'reviewAt'> & {
  readonly expires: Declared
  readonly review: Declared
}

/** Reads the two moments of an input; a text that is no moment is refused by name. */
export const declared = (input: IdentityInput, now: Date): DeclaredInput => ({
  ...input,
  expires: momentOf('expiresAt', input.expiresAt, now),
  review: momentOf('reviewAt', input.reviewAt, now),
})

/** What of an input may be changed later. */
export const particularsOf = (input: DeclaredInput): Particulars => ({
  classification: input.classification,
  purpose: input.purpose,
  lifecycle: input.lifecycle,
  pipeline: input.pipeline,
  workflow: input.workflow,
  authMethods: input.authMethods,
  upstream: input.upstream,
  downstream: input.downstream,
  revocationProcedure: input.revocationProcedure,
  expires: input.expires,
  review: input.review,
  tags: input.tags,
})

/** The moment that a field declares. */
export const momentOf = (field: string, text: string, now: Date): Declared => {
  const at = readMoment(text, now)
  if (at === undefined) throw invalid(field, `${field} is a date, a time, or days such as 90d`)
  return { at, text }
}

/** Refuses an expiry or a review that is past or too far ahead; what was so before and did not change may stay. */
export const checkMoments = (identity: Identity, before: Identity | undefined, now: Date): void => {
  if (identity.lifecycle === 'pipeline' && identity.pipeline === null)
    throw invalid('pipeline', 'pipeline is mandatory where the lifecycle is pipeline: the reference of the pipeline')
  if (before === undefined || before.expires.at.getTime() !== identity.expires.at.getTime())
    within('expiresAt', identity.expires.at, now, EXPIRY_DAYS_MAX)
  if (before === undefined || before.review.at.getTime() !== identity.review.at.getTime())
    within('reviewAt', identity.review.at, now, reviewDaysMax(identity))
}

/** How many days may pass until somebody looks at this identity again. */
export const reviewDaysMax = (identity: Pick<Identity, 'tier' | 'lifecycle'>): number =>
  identity.lifecycle === 'ephemeral' ? TEMPORARY_REVIEW_DAYS : TIERS[identity.tier].reviewDays

/** The input does not fit: names the field and says what it should be. */
export const invalid = (field: string, detail: string): Fault =>
  coreFault('invalid_input', { about: detail, places: [{ pointer: `/${field.replaceAll('.', '/')}`, detail }] })

const within = (field: string, at: Date, now: Date, daysMax: number): void => {
  if (at <= now) throw invalid(field, `${field} is not in the future`)
  if (at > daysAfter(now, daysMax)) throw invalid(field, `${field} is at most ${daysMax} days ahead for this identity`)
}
