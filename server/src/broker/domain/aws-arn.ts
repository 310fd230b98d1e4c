import type { AwsPartition } from './aws-region.ts'

/** Who an ARN says that a caller is. */
export interface AwsPrincipal {
  readonly partition: AwsPartition
  readonly account: string
  readonly kind: 'role' | 'user'
  /** The role or user itself, in the one writing that a trust names it by. */
  readonly arn: string
  /** The session of a role: an instance's id, a function's name, or what whoever took the role called it. */
  readonly session: string | undefined
}

/** Reads what STS says of a caller: a session of a role, or a user. Root, federated users and services are none. */
export const readCallerArn = (text: string): AwsPrincipal | undefined => {
  const [, partition, account, role, session] = ROLE_SESSION.exec(text) ?? []
  if (isPartition(partition) && account !== undefined && role !== undefined && session !== undefined)
    return { partition, account, kind: 'role', arn: `arn:${partition}:iam::${account}:role/${role}`, session }
  const user = readTrustedArn(text)
  return user?.kind === 'user' ? user : undefined
}

/**
 * Reads what a trust names: a role by its name alone, as STS does not tell its path (and no two roles of an account have
 * one name), or a user with its path.
 */
export const readTrustedArn = (text: string): AwsPrincipal | undefined => {
  const [, partition, account, kind] = TRUSTED_ROLE.exec(text) ?? TRUSTED_USER.exec(text) ?? []
  if (!isPartition(partition) || account === undefined || (kind !== 'role' && kind !== 'user')) return undefined
  return { partition, account, kind, arn: text, session: undefined }
}

const isPartition = (text: string | undefined): text is AwsPartition =>
  text === 'aws' || text === 'aws-cn' || text === 'aws-us-gov'

// What IAM lets a name be made of, up to 64 of it; a `*` or `?` is not among it.
const ROLE_SESSION = /^arn:(aws|aws-cn|aws-us-gov):sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/
const TRUSTED_ROLE = /^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):(role)\/[\w+=,.@-]{1,64}$/
const TRUSTED_USER = /^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):(user)\/(?:[\w+=,.@-]{1,64}\/){0,16}[\w+=,.@-]{1,64}$/
