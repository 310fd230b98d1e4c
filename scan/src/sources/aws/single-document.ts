import type { AwsIdentity } from '../../aws/account.ts'
import { isTrustPolicy, type Statement } from '../../aws/policy.ts'
import { awsSightings } from '../../aws/sighting.ts'
import { classifyTrust } from '../../aws/trust.ts'
import type { ScannedFile } from '../../file.ts'
import type { SightingDraft } from '../../source.ts'

/**
 * A file that is one policy: of trust, or of what something may do. It names nobody who has it, so what is judged is
 * whoever is given it; the file's path stands in for the ARN.
 */
export const readSingleDocument = (statements: readonly Statement[], file: ScannedFile): readonly SightingDraft[] => {
  const isTrust = isTrustPolicy(statements)
  // A policy of a bucket or a queue has principals as well: it is about a resource, not about an identity.
  if (!isTrust && statements.some(({ principals, hasNotPrincipal }) => principals.length > 0 || hasNotPrincipal))
    return []
  const name = file.baseName.replace(/\.json$/i, '')
  const identity: AwsIdentity = {
    type: 'role',
    name: `of ${file.repository}/${file.repositoryPath}`,
    arn: `policy:${file.repository}:${file.repositoryPath}`,
    account: '',
    where: file.at(1),
    held: { policies: isTrust ? [] : [{ name, arn: '', statements }], boundary: undefined, account: '' },
    groups: [],
    trusts: isTrust ? classifyTrust(statements, '') : [],
    tags: new Map(),
    madeOn: '',
    usedOn: undefined,
  }
  return awsSightings([identity], file).sightings
}
