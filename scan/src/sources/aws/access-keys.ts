import { accessKeyText, dayOf } from '../../aws/access-key.ts'
import type { ScannedFile } from '../../file.ts'
import { type JsonObject, objectOf, objectsOf, textOf } from '../../json-value.ts'
import type { SightingDraft } from '../../source.ts'

/**
 * Reads `list-access-keys` and `get-access-key-last-used`. Neither says which account it is of: a user of these is
 * known by the file that it lies in, and is not joined with one of the same name elsewhere.
 */
export const readAccessKeys = (root: JsonObject, file: ScannedFile): SightingDraft[] => {
  const listed = objectsOf(root.AccessKeyMetadata).map((key) => ({
    user: textOf(key, 'UserName'),
    key: `ending in ${textOf(key, 'AccessKeyId').slice(-4) || 'unknown'}`,
    isActive: textOf(key, 'Status') === 'Active',
    madeOn: dayOf(textOf(key, 'CreateDate')),
    usedOn: '',
  }))
  const lastUsed = objectOf(root.AccessKeyLastUsed)
  const used =
    textOf(root, 'UserName') !== '' && root.AccessKeyLastUsed !== undefined
      ? [
          {
            user: textOf(root, 'UserName'),
            key: 'asked for',
            isActive: true,
            madeOn: '',
            usedOn: dayOf(textOf(lastUsed, 'LastUsedDate')) || 'never',
          },
        ]
      : []
  const byUser = Map.groupBy([...listed, ...used], ({ user }) => user)
  return [...byUser].map(([user, keys]) => ({
    kind: 'account',
    name: `AWS user ${user}`,
    stableKey: `aws-user:${file.repository}:${file.repositoryPath}#${user}`,
    where: file.at(1),
    reaches: [],
    evidence: [`${keys.length} access ${keys.length === 1 ? 'key' : 'keys'} of the AWS user ${user}`],
    environment: null,
    traits: keys.map((key) => ({ trait: 'aws:access-key', detail: accessKeyText(key), where: file.at(1) })),
  }))
}
