import { scannedFile } from '../src/file.ts'
import type { SightingDraft } from '../src/source.ts'
import { awsSource } from '../src/sources/aws/source.ts'
import { rulesFor } from './rules-of.ts'

const NOW = new Date('2026-09-01T00:00:00Z')
/** The account of the tests. */
export const ACCOUNT = '111122223333'

/** A text as a file of a scan. */
export const fileOf = (text: string, path: string) =>
  scannedFile({ path, repository: 'estate', repositoryPath: path }, Buffer.from(text))

/** What the source makes of one file. */
export const read = (content: unknown, path = 'authz.json') => {
  const file = fileOf(typeof content === 'string' ? content : JSON.stringify(content, null, 1), path)
  if (!awsSource.wants(file)) return { sightings: [], problems: [] }
  const seal = () => {
    throw new Error('an export of AWS holds no secret')
  }
  return awsSource.read(file, { seal, now: NOW })
}

/** The rules that find something, with their severities. */
export const rulesOf = (...drafts: readonly SightingDraft[]): string[] => rulesFor('aws', drafts, NOW)

/** A statement that allows. */
export const allow = (Action: unknown, Resource: unknown = '*', more: object = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})
/** A policy document. */
export const document = (...Statement: readonly unknown[]) => ({ Version: '2012-10-17', Statement })
/** A user with one policy of its own. */
export const user = (name: string, ...statements: readonly unknown[]) => ({
  UserName: name,
  Arn: `arn:aws:iam::${ACCOUNT}:user/${name}`,
  CreateDate: '2020-01-01T00:00:00Z',
  UserPolicyList: statements.length > 0 ? [{ PolicyName: 'own', PolicyDocument: document(...statements) }] : [],
})
/** A trust policy with one statement. */
export const trusting = (principal: unknown, condition: object = {}, action = 'sts:AssumeRole') =>
  document({ Effect: 'Allow', Principal: principal, Action: action, Condition: condition })
/** A role with a trust policy, and one policy of its own. */
export const role = (name: string, trust: unknown, ...statements: readonly unknown[]) => ({
  RoleName: name,
  Arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
  AssumeRolePolicyDocument: trust,
  RolePolicyList: statements.length > 0 ? [{ PolicyName: 'own', PolicyDocument: document(...statements) }] : [],
})
/** A trust that nothing is wrong with. */
export const EC2 = trusting({ Service: 'ec2.amazonaws.com' })
