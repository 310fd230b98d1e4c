import { readFileSync, writeFileSync } from 'node:fs'
import type { ScanReport } from '@reeve/scan'
import { CommandError } from './exit-code.ts'

const FORMAT_VERSION = 1

interface Baseline {
  readonly formatVersion: typeof FORMAT_VERSION
  readonly saltId: string
  readonly findings: readonly { readonly fingerprint: string; readonly rule: string; readonly path: string }[]
}

/** The fingerprints of the findings that were there before; a file that cannot be used is refused, never taken for none. */
export const readBaseline = (file: string): { fingerprints: string[]; saltId: string } => {
  const refuse = (reason: string): never => {
    throw new CommandError(`the baseline ${file} ${reason}`, {
      next: 'write it anew: reeve scan PATH --write-baseline FILE',
    })
  }
  let read: unknown
  try {
    read = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return refuse('cannot be read')
  }
  if (!isBaseline(read)) return refuse(`is no baseline of format ${FORMAT_VERSION}`)
  return { fingerprints: read.findings.map(({ fingerprint }) => fingerprint), saltId: read.saltId }
}

/** Writes what a scan found now, so that later ones tell only what is new; no secret is in it. */
export const writeBaseline = (file: string, { findings, saltId }: ScanReport): void => {
  const baseline: Baseline = {
    formatVersion: FORMAT_VERSION,
    saltId,
    findings: findings
      .map(({ fingerprint, rule, where }) => ({ fingerprint, rule, path: where.inRepository }))
      .sort((one, other) => (one.fingerprint < other.fingerprint ? -1 : 1)),
  }
  writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`)
}

const isBaseline = (value: unknown): value is Baseline =>
  typeof value === 'object' &&
  value !== null &&
  'formatVersion' in value &&
  value.formatVersion === FORMAT_VERSION &&
  'saltId' in value &&
  typeof value.saltId === 'string' &&
  'findings' in value &&
  Array.isArray(value.findings) &&
  value.findings.every((finding) => typeof finding?.fingerprint === 'string')
