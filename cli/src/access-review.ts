import type { Client } from '@reeve/sdk/client'
import type { AccessDirectory } from './access-directory.ts'
import { inFilesOf } from './in-files.ts'

/** What a server found out about a folder. */
export type Review = Awaited<ReturnType<Client['policy']['access']['validate']>>

/** How bad what a lint finds is, the least bad first. */
export const SEVERITIES = ['low', 'medium', 'high'] as const
/** How bad what a lint finds is. */
export type LintSeverity = (typeof SEVERITIES)[number]

type AccessProblem = Review['problems'][number]

/** A file that cannot be read, as a problem of the part in whose folder it lies. */
export const unreadProblem = (place: string, message: string): AccessProblem => ({
  part: PARTS.find((part) => place.startsWith(`${part}/`)) ?? 'policies',
  at: null,
  place,
  message,
})

const PARTS = ['teams', 'identities', 'resources', 'applications', 'bundles', 'grants', 'tests'] as const

/** Asks the server for everything that is wrong with a directory. */
export const validateAccess = async (client: Client, { input, origins }: AccessDirectory): Promise<Review> =>
  Object(await client.callByName('policy.access.validate', { ...input, origins }))

/** What lints tell of grants, bundles and tests of a directory that has no problem, as if it were applied. */
export const lintApplied = async (client: Client, directory: AccessDirectory): Promise<Review['lints']> => {
  const { input, origins } = directory
  const tested = await inFilesOf(directory, () => client.callByName('policy.access.test', { ...input, origins }))
  return Object(tested).lints
}
