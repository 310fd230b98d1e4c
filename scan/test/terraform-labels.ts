/**
 * What lies in the real state files, counted by another program than ours before the parser was written. Files with
 * no identity and no secret in them are not listed.
 */
export const LABELS = {
  files: 70,
  /** Two are empty, one is broken. */
  unreadable: 3,
  /** Three roles, and the first user of a database. */
  identities: { 'aws_iam_role_multiple__terraform.tfstate': 3, 'aws_db_instance__terraform.tfstate': 1 },
  secrets: { 'aws_db_instance__terraform.tfstate': 1 },
} as const
