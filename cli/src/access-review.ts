import type { Client } from '@reeve/sdk/client'
import type { AccessDirectory } from './access-directory.ts'

type Review = Awaited<ReturnType<Client['policy']['access']['validate']>>

/** How bad what a lint finds is, the least bad first. */
export const SEVERITIES = ['low', 'medium', 'high'] as const
/** How bad what a lint finds is. */
export type LintSeverity = (typeof SEVERITIES)[number]

/** Something that is wrong with a folder. */
export type AccessProblem = Review['problems'][number]

/** A file that cannot be read, as a problem of the part in whose folder it lies. */
export const unreadProblem = (place: string, message: string): AccessProblem => ({
  part: PARTS.find((part) => place.startsWith(`${part}/`)) ?? 'policies',
  at: null,
  place,
  message,
})

const PARTS = ['teams', 'identities', 'resources', 'applications', 'bundles', 'grants'] as const

/** Asks the server for everything that is wrong with a directory. */
export const validateAccess = async (client: Client, { input, origins }: AccessDirectory): Promise<Review> =>
  Object(await client.callByName('policy.access.validate', { ...input, origins }))
