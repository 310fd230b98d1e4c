/** Low, medium or high risk; derived, never typed in. */
export type Tier = 'low' | 'medium' | 'high'

/** What a tier decides; the defaults of the whole deployment stand here and nowhere else. */
export interface TierRules {
  readonly tokenSecondsDefault: number
  readonly tokenSecondsMax: number
  /** The longest life of a static credential in days; 0 refuses it without an exception. */
  readonly staticCredentialDaysMax: number
  readonly staticCredentialDaysByException: number
  /** The longest life of a registered public key in days. */
  readonly publicKeyDaysMax: number
  /** How long a credential and the one that follows it both work while it is rotated, in days. */
  readonly rotationDaysDefault: number
  readonly rotationDaysMax: number
  readonly senderConstrained: 'optional' | 'default' | 'required'
  readonly approval: 'automatic' | 'one' | 'security-and-owner'
  readonly reviewDays: number
  readonly unusedDays: { readonly warn: number; readonly quarantine: number; readonly disable: number }
  readonly reviewUnanswered: 'narrowed' | 'quarantined' | 'disabled'
}

/**
 * Who must approve: one approver, or a security approver and the owning teams, or, of people's roles and
 * of the release of an issuer, one approver or admin; none of them the requester.
 */
export type Need = Exclude<TierRules['approval'], 'automatic'> | 'approver-or-admin'

/**
 * What a call needs approved, as the operation itself computes it: by whom, whose teams' word it takes (null: what no
 * team owns, for which a security approver stands), and why.
 */
export interface Needed {
  readonly need: Need
  readonly teams: readonly (string | null)[]
  readonly why: readonly string[]
}

/** The table of the three tiers. Tightening is free; loosening is an event that an approver signs. */
export const TIERS: Readonly<Record<Tier, TierRules>> = {
  low: {
    tokenSecondsDefault: 3600,
    tokenSecondsMax: 3600,
    staticCredentialDaysMax: 90,
    staticCredentialDaysByException: 90,
    publicKeyDaysMax: 365,
    rotationDaysDefault: 7,
    rotationDaysMax: 30,
    senderConstrained: 'optional',
    approval: 'automatic',
    reviewDays: 180,
    unusedDays: { warn: 60, quarantine: 90, disable: 120 },
    reviewUnanswered: 'narrowed',
  },
  medium: {
    tokenSecondsDefault: 900,
    tokenSecondsMax: 1800,
    staticCredentialDaysMax: 30,
    staticCredentialDaysByException: 30,
    publicKeyDaysMax: 180,
    rotationDaysDefault: 3,
    rotationDaysMax: 14,
    senderConstrained: 'default',
    approval: 'one',
    reviewDays: 90,
    unusedDays: { warn: 30, quarantine: 45, disable: 60 },
    reviewUnanswered: 'quarantined',
  },
  high: {
    tokenSecondsDefault: 300,
    tokenSecondsMax: 900,
    staticCredentialDaysMax: 0,
    staticCredentialDaysByException: 7,
    publicKeyDaysMax: 90,
    rotationDaysDefault: 1,
    rotationDaysMax: 7,
    senderConstrained: 'required',
    approval: 'security-and-owner',
    reviewDays: 90,
    unusedDays: { warn: 14, quarantine: 21, disable: 30 },
    reviewUnanswered: 'disabled',
  },
}

/** Reviews of temporary work come this often. */
export const TEMPORARY_REVIEW_DAYS = 7
