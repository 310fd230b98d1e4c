import type { SeenInExport } from '../../exports/seen.ts'

/** The address of a service account, whoever made it. */
export const EMAIL = /^[^@\s]{1,100}@(?:[a-z0-9-]{1,60}\.){0,3}gserviceaccount\.com$/

/** A service account, as one line of an export tells of it. */
export const account = (email: string, line: number, evidence: string): SeenInExport => ({
  kind: 'account',
  name: `service account ${email}`,
  key: `gcp:${email}`,
  line,
  evidence,
})

/** What a key of an account is called, whatever file tells of it. */
export const keyName = (id: string, email: string): string => `key ${id.slice(-8)} of ${email}`
