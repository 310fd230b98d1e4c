import { isOfPullRequests } from '../../exports/subject.ts'

/** Somebody from outside whom a policy names by a pool of workload identities. */
export interface FederatedMember {
  readonly name: string
  readonly key: string
  /** What is wrong with it by itself. */
  readonly facts: readonly { readonly trait: string; readonly detail: string }[]
}

/** What a member of a policy says, if it is of a pool. */
export const federatedMember = (member: string): FederatedMember | undefined => {
  if (!/^principal(?:Set)?:\/\//.test(member)) return undefined
  const pull = isPullRequests(member) ? [{ trait: 'federation:pull-requests', detail: member.slice(0, 250) }] : []
  return {
    name: `federated ${member.slice(0, 250)}`,
    key: `gcp:${member.slice(0, 290)}`,
    facts: isWholePool(member)
      ? [{ trait: 'federation:open', detail: `every identity of ${member.slice(0, 200)}` }]
      : pull,
  }
}

/** Whether it is everybody of a pool. */
export const isWholePool = (member: string): boolean =>
  /^principalSet:\/\/iam\.googleapis\.com\/.{1,250}\/workloadIdentityPools\/[^/]{1,60}\/\*$/.test(member)

// As the subject, or as the event where the pool has that for an attribute.
const isPullRequests = (member: string): boolean => {
  const [, subject = ''] =
    /^principal:\/\/[^\s]{1,250}\/workloadIdentityPools\/[^/]{1,60}\/subject\/(.{1,300})$/.exec(member) ?? []
  return (
    isOfPullRequests(subject) ||
    /^principalSet:\/\/[^\s]{1,250}\/attribute\.event_name\/pull_request(?:_target)?$/.test(member)
  )
}
