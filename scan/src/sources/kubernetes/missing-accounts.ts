import type { Sighting, Trait } from '../../report.ts'
import type { Fact } from '../../source.ts'
import { accountOf, type Binding, type KubernetesEstate, roleName } from './estate.ts'
import { UNSAID } from './names.ts'

/** What is told of the bindings of an account that is nowhere. */
export type Missing = (sighting: Sighting, bindings: readonly Binding[]) => Trait[]

/**
 * Bindings of accounts that are nowhere: whoever may make one of that name has the rights. Sure where the binding was dumped,
 * and a dump lists the default account of the namespace, which every namespace has, for it then holds the others too.
 * Manifests are often a part of what is there, so that theirs count only beside another account of the namespace, in the
 * same folder, with a role that is known, and where nothing of the scan runs as the account or holds a token of it.
 */
export const missingAccounts = (facts: readonly Fact[], estate: KubernetesEstate): Missing => {
  const accounts = facts.flatMap(({ type, fields, where }) => {
    const account = type === 'account' ? accountOf({ stableKey: fields.account ?? '' }) : undefined
    if (!account) return []
    const home = homeOf(account)
    return [
      {
        key: fields.account,
        home,
        namespace: account.namespace,
        file: `${where.path}\n${account.scope}`,
        scope: account.scope,
        folder: `${folderOf(where.path)}\n${home}`,
        isDefault: isDumped(fields, account),
      },
    ]
  })
  const known = new Set(accounts.map(({ key }) => key))
  const defaults = accounts.filter(({ isDefault }) => isDefault)
  const dumped = new Set(defaults.map(({ home }) => home))
  // One answer with both of these is of every namespace: one that is not in it is none.
  const filesOf = (of: string) => new Set(defaults.flatMap(({ namespace, file }) => (namespace === of ? file : [])))
  const [withDefault, withSystem] = [filesOf('default'), filesOf('kube-system')]
  const whole = new Set(
    defaults.flatMap(({ file, scope }) => (withDefault.has(file) && withSystem.has(file) ? scope : [])),
  )
  const beside = new Set(accounts.map(({ folder }) => folder))
  const used = new Set([...estate.workloads, ...estate.tokens].map(({ account }) => account))
  return ({ stableKey }, bindings) => {
    const account = accountOf({ stableKey })
    if (!account || known.has(stableKey) || isLeftOut(account)) return []
    const home = homeOf(account)
    const isDumpedHome = dumped.has(home) || whole.has(account.scope)
    return bindings
      .filter(({ binding }) => !isOfCluster(binding))
      .flatMap(({ binding, role, name, where, isListed }) => {
        const isSure = isDumpedHome && isListed
        const isGuess =
          beside.has(`${folderOf(where.path)}\n${home}`) && !used.has(stableKey) && estate.rulesOf(role) !== undefined
        if (!isSure && !isGuess) return []
        return {
          trait: 'k8s:account-missing',
          detail: `${binding} gives ${roleName(role)} to ${name}, which is in none of the files`,
          where,
          ...(isSure ? {} : { severity: 'low' as const, confidence: 'low' as const }),
        }
      })
      .slice(0, TOLD_MAX)
  }
}

const TOLD_MAX = 20

type Account = NonNullable<ReturnType<typeof accountOf>>

const homeOf = ({ scope, namespace }: Pick<Account, 'scope' | 'namespace'>): string => `${scope}\n${namespace}`

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))

const isDumped = ({ isListed }: Fact['fields'], { name }: Account): boolean => isListed === 'yes' && name === 'default'

// The cluster makes the default account of each namespace, and its own controllers' in its own namespaces.
const isLeftOut = ({ namespace, name }: Account): boolean =>
  name === 'default' || name.startsWith('system:') || namespace === UNSAID || /^(?:kube|openshift)-/.test(namespace)

const isOfCluster = (binding: string): boolean =>
  binding.slice(Math.max(binding.lastIndexOf(' '), binding.lastIndexOf('/')) + 1).startsWith('system:')
