import type { Workload } from './estate.ts'

/** Finds the accounts that a pod of this name runs as. */
export type AccountsOfPod = (scope: string, namespace: string, pod: string) => readonly string[]

/** Reads workloads once, so that each name of a pod is looked up and not searched for. */
export const accountsOfPods = (
  workloads: readonly Workload[],
  placeOf: (account: string) => { readonly scope: string; readonly namespace: string } | undefined,
): AccountsOfPod => {
  const byPlace = new Map<string, { readonly kind: string; readonly account: string }[]>()
  for (const { account, workload } of workloads) {
    const place = placeOf(account)
    if (!place) continue
    const [kind = '', name = ''] = workload.split(' ')
    for (const namespace of [place.namespace, '*']) {
      const key = keyOf(place.scope, namespace, name.slice(name.indexOf('/') + 1))
      const known = byPlace.get(key)
      if (known) known.push({ kind, account })
      else byPlace.set(key, [{ kind, account }])
    }
  }
  return (scope, namespace, pod) => {
    const found = namesOfMakers(pod).flatMap((name) =>
      (byPlace.get(keyOf(scope, namespace, name)) ?? [])
        .filter(({ kind }) => (ENDS[kind] ?? ANY_END).test(pod.slice(name.length)))
        .map(({ account }) => account),
    )
    return [...new Set(found)]
  }
}

const keyOf = (scope: string, namespace: string, name: string): string => [scope, namespace, name].join('\n')

// `web-6d4b75cb6d-hn2kx` is a pod of `web`, by the two words that were put behind it.
const namesOfMakers = (pod: string): readonly string[] => {
  const words = pod.split('-')
  return [words, words.slice(0, -1), words.slice(0, -2)].map((its) => its.join('-')).filter((name) => name !== '')
}

// What a maker of pods puts behind its own name; makers of operators' own kinds may put anything.
const ENDS: Readonly<Record<string, RegExp>> = {
  Pod: /^$/,
  Deployment: /^-[a-z0-9]{1,10}-[a-z0-9]{5}$/,
  ReplicaSet: /^-[a-z0-9]{5}$/,
  ReplicationController: /^-[a-z0-9]{5}$/,
  DaemonSet: /^-[a-z0-9]{5}$/,
  StatefulSet: /^-\d{1,10}$/,
  Job: /^(?:-\d{1,10})?-[a-z0-9]{5}$/,
  CronJob: /^-\d{8,12}-[a-z0-9]{5}$/,
}
const ANY_END = /^(?:-[a-z0-9]{1,20}){0,2}$/
