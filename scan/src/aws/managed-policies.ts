import { readPolicy, type Statement } from './policy.ts'

/** The statements of a policy: those of its document, or what AWS has always had in a policy of this name. */
export const statementsOf = ({
  arn,
  statements,
}: {
  readonly arn: string
  readonly statements: readonly Statement[] | undefined
}): readonly Statement[] | undefined => statements ?? MANAGED.get(MANAGED_ARN.exec(arn)?.[1] ?? '')

const MANAGED_ARN = /^arn:[\w-]{1,20}:iam::aws:policy\/(\w{1,64})$/

const giving = (what: object) =>
  readPolicy({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Resource: '*', ...what }] }) ?? []

// An export without `AWSManagedPolicy` lacks the documents; these few give everything, or everything but themselves.
const MANAGED: ReadonlyMap<string, readonly Statement[]> = new Map([
  ['AdministratorAccess', giving({ Action: '*' })],
  ['IAMFullAccess', giving({ Action: 'iam:*' })],
  ['PowerUserAccess', giving({ NotAction: ['iam:*', 'organizations:*', 'account:*'] })],
])
