import { sha256, sha256All } from './digest.ts'
import type { ChainLink, RevocationScope } from './wire.ts'

/** The name under which the revocation feed lists a stopped thing, so that the public feed tells no names. */
export const revocationTarget = (scope: RevocationScope, id: string): string =>
  sha256(`${scope}:${id}`).slice(0, targetLength)

/** What stops the tokens that an identity got under a former owner, while its present one is stopped. */
export const tenureOf = (identity: string, owner: string): string => `${owner}/${identity}`

/** What stops everything that a signing key signed. */
export const keyTarget = (kid: string): ScopedTarget => ({ scope: 'key', target: revocationTarget('key', kid) })

/** A scope with its target, of one token. */
export interface ScopedTarget {
  readonly scope: RevocationScope
  readonly target: string
}

/** What a token says about itself that can be stopped. */
export interface Stoppable {
  readonly iss: string
  readonly sub: string
  readonly jti: string
  readonly reeve: {
    readonly owner: string
    readonly credential: string
    readonly instance?: string | undefined
    readonly issuer?: string | undefined
    readonly chain?: readonly ChainLink[] | undefined
  }
}

/** Every target that stops this token, narrowest first; works in browsers too. */
export const revocationTargets = async (token: Stoppable): Promise<ScopedTarget[]> => (await nameToken(token)).targets

/** The names of a token outside itself. */
export interface TokenNames {
  readonly targets: ScopedTarget[]
  /** What use reports call it: the digest of its jti. */
  readonly digest: string
}

/** Everything that is computed of a token by digests, in one go. */
export const nameToken = async (token: Stoppable): Promise<TokenNames> => {
  const names = stoppableNames(token)
  const digesting = sha256All([token.jti, ...names.map(([scope, id]) => `${scope}:${id}`)])
  // Where they are there at once, nobody is made to wait.
  const [digest = '', ...digests] = Array.isArray(digesting) ? digesting : await digesting
  const targets = names.map(([scope], at) => ({ scope, target: (digests[at] ?? '').slice(0, targetLength) }))
  return { targets, digest }
}

/** An identity by the names under which it can be stopped. */
export interface IdentityNamed {
  readonly iss: string
  readonly sub: string
  readonly owner: string
}

/** Every target that stops an identity, narrowest first; works in browsers too. */
export const identityTargets = async (identity: IdentityNamed): Promise<ScopedTarget[]> => {
  const names = identityNames(identity)
  const digests = await sha256All(names.map(([scope, id]) => `${scope}:${id}`))
  return names.map(([scope], at) => ({ scope, target: (digests[at] ?? '').slice(0, targetLength) }))
}

const targetLength = 22

/** Everything that stops a token when it is stopped, narrowest first: its own names, and those of all it came of. */
export const stoppableNames = ({ iss, sub, jti, reeve }: Stoppable): (readonly [RevocationScope, string])[] => {
  const own = namesOf(iss, { sub, jti, ...reeve })
  if (reeve.chain === undefined) return own
  const all = new Map(
    [own, ...reeve.chain.map((link) => namesOf(iss, link))].flat().map((name) => [name.join(':'), name]),
  )
  return [...all.values()].sort(([one], [other]) => narrowestFirst.indexOf(one) - narrowestFirst.indexOf(other))
}

const narrowestFirst: readonly RevocationScope[] = ['token', 'credential', 'instance', 'identity', 'owner', 'issuer']

const namesOf = (iss: string, link: ChainLink): (readonly [RevocationScope, string])[] => [
  ['token', link.jti],
  ['credential', link.credential],
  ...(link.instance === undefined ? [] : [['instance', `${link.sub}/${link.instance}`] as const]),
  ...identityNames({ iss, sub: link.sub, owner: link.owner }),
  ...(link.issuer === undefined ? [] : [['issuer', link.issuer] as const]),
]

const identityNames = ({ iss, sub, owner }: IdentityNamed): (readonly [RevocationScope, string])[] => [
  ['identity', sub],
  ['owner', tenureOf(sub, owner)],
  ['owner', owner],
  ['issuer', iss],
]
