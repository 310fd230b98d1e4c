/**
 * What lies in the real exports, counted by another program than ours and classified by hand, before the parser was
 * written. Paths are below the shared data; trusts are statements, by the class that a reader gave them.
 */
export const LABELS: readonly AwsLabel[] = [
  {
    file: 'cloudsplaining-authz/example-authz-details.json',
    users: 3,
    roles: 3,
    groups: 2,
    policies: 32,
    trusts: { 'service ec2.amazonaws.com': 1, 'service ssm.amazonaws.com': 2 },
  },
  {
    file: 'cloudsplaining-authz/example_authz_details_for_overrides_complete.json',
    users: 1,
    roles: 2,
    groups: 1,
    policies: 3,
    trusts: { 'service ssm.amazonaws.com': 2 },
  },
  {
    file: 'cloudsplaining-authz/example_authz_v2.json',
    users: 1,
    roles: 2,
    groups: 1,
    policies: 2,
    trusts: { 'service ssm.amazonaws.com': 2 },
  },
  {
    file: 'cloudsplaining-authz/managed_policy_mismatch.json',
    users: 0,
    roles: 0,
    groups: 1,
    policies: 1,
    trusts: {},
  },
]

/** The trust documents of other tools' fixtures: any statement with a principal and an action of `sts`. */
export const TRUST_LABELS: readonly { readonly file: string; readonly classes: Readonly<Record<string, number>> }[] = [
  { file: 'cartography-fixtures/aws/iam.json', classes: { account: 4, service: 1, saml: 1 } },
  { file: 'cartography-fixtures/aws/iam/instance_profiles.json', classes: { account: 2, service: 2 } },
  { file: 'cartography-fixtures/aws/iam/role_policies.json', classes: { account: 1, service: 2 } },
  { file: 'cartography-fixtures/aws/iam/roles.json', classes: { account: 3, service: 2, saml: 1 } },
  { file: 'cartography-fixtures/aws/iam/user_policies.json', classes: { account: 4, saml: 1 } },
  { file: 'cartography-fixtures/aws/cloudtrail_management_events.json', classes: { account: 3, saml: 1, oidc: 3 } },
  { file: 'tfstate-driftctl/aws_iam_role_multiple__terraform.tfstate', classes: { service: 3 } },
]

interface AwsLabel {
  readonly file: string
  readonly users: number
  readonly roles: number
  readonly groups: number
  readonly policies: number
  readonly trusts: Readonly<Record<string, number>>
}
