import type { Finding, Severity } from '../report.ts'

/** What one finding of each severity takes off a hundred, as a share of what is left: a first critical one counts most. */
const SHARE_LOST: Readonly<Record<Severity, number>> = { critical: 0.25, high: 0.1, medium: 0.03, low: 0.005 }

// Of what may well be wrong itself, less is believed.
const BELIEVED = { high: 1, medium: 0.7, low: 0.3 } as const

/** How well what was scanned stands: 100 without findings, towards 0 with many bad ones; a whole number. */
export const scoreOf = (findings: readonly Pick<Finding, 'severity' | 'confidence'>[]): number =>
  Math.floor(
    100 *
      findings.reduce((left, { severity, confidence }) => left * (1 - SHARE_LOST[severity] * BELIEVED[confidence]), 1),
  )
