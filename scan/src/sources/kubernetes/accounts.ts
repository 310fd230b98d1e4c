import { accountDraft, ownerOf, type See } from './seen.ts'

/** A service account. */
export const accountSeen: See = (object, at) => {
  const where = at.file.at(object.line)
  const account = at.names.accountKey(object.namespace, object.name)
  const annotations = object.value.get('metadata')?.get('annotations')
  const clouds = CLOUD_ANNOTATIONS.flatMap(([key, provider]) => {
    const value = annotations?.get(key)
    return value?.text ? [{ provider, name: value.text, because: key }] : []
  })
  const mounts = object.value.get('automountServiceAccountToken')?.text
  return {
    sightings: [
      {
        ...accountDraft(object, at, where, `ServiceAccount ${object.namespace}/${object.name} in ${at.file.baseName}`),
        ...ownerOf(object.value),
        reaches: clouds.map(({ provider, name, because }) => ({
          what: `${provider} ${name}`,
          access: 'unknown',
          because,
        })),
      },
    ],
    facts: [
      {
        type: 'account',
        fields: { account, mounts: mounts === 'false' ? 'no' : 'yes', isListed: object.isListed ? 'yes' : 'no' },
        where,
      },
      // Older clusters made a token for each account; a dump without secrets names it here.
      ...(object.value.get('secrets')?.items() ?? []).slice(0, SECRETS_MAX).flatMap((listed) => {
        const secret = listed.get('name')?.text
        if (secret === undefined || !secret.startsWith(`${object.name}-token-`)) return []
        return [{ type: 'token', fields: { account, namespace: object.namespace, secret }, where }]
      }),
    ],
  }
}

const SECRETS_MAX = 20

// An account of a cloud that this one becomes without a key.
const CLOUD_ANNOTATIONS = [
  ['eks.amazonaws.com/role-arn', 'aws'],
  ['iam.gke.io/gcp-service-account', 'gcp'],
  ['azure.workload.identity/client-id', 'azure'],
] as const
