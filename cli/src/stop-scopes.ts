import type { Client } from '@reeve/sdk/client'
import { everyPage } from './every-item.ts'
import { CommandError } from './exit-code.ts'
import { readToken } from './read-token.ts'
import { closest } from './suggest.ts'
import type { Surroundings } from './surroundings.ts'

/** What can be stopped and released, from the smallest to the largest. */
export const SCOPES = ['token', 'credential', 'instance', 'identity', 'owner', 'issuer'] as const

/** One of them. */
export type Scope = (typeof SCOPES)[number]

/** How a scope is stopped: its operations' noun, the input that names the thing, and whether a dry run tells the impact. */
export interface StopTarget {
  readonly noun: string
  readonly input: Readonly<Record<string, string>>
  readonly hasDryRun: boolean
  /** What is known of the thing, where there is no dry run. */
  readonly look: (client: Client) => Promise<string>
}

/** Reads SCOPE and ID. A token is never an argument: its ID is a file or `-`; an instance is IDENTITY/INSTANCE. */
export const stopTarget = async (around: Surroundings, scope: string, id: string): Promise<StopTarget> => {
  const known = SCOPES.find((each) => each === scope)
  if (known === undefined) {
    const near = closest(scope, SCOPES)
    throw new CommandError(`there is no scope \`${scope}\``, {
      lines: near === undefined ? [] : [`did you mean ${near}?`],
      next: `use one of ${SCOPES.join(', ')}`,
    })
  }
  return TARGETS[known](around, id)
}

const SHOWN_MAX = 20

type MakeTarget = (around: Surroundings, id: string) => StopTarget | Promise<StopTarget>

const TARGETS: Readonly<Record<Scope, MakeTarget>> = {
  token: async (around, file) => {
    const token = await readToken(around, file)
    return {
      noun: 'broker.token',
      input: { token },
      hasDryRun: false,
      look: async (client) => {
        const { claims } = Object(await client.broker.token.inspect({ token }))
        return `one token${claims?.sub === undefined ? '' : ` of ${claims.reeve?.name ?? claims.sub}, for ${String(claims.aud)}`}`
      },
    }
  },
  credential: (_around, credential) => ({
    noun: 'broker.credential',
    input: { credential },
    hasDryRun: false,
    look: async (client) => {
      const { credential: shown } = await client.broker.credential.show({ credential })
      const { identity, kind, lastUsedAt } = shown
      return `${await calledBy(client, identity)} cannot prove itself with this ${kind} (last used ${lastUsedAt ?? 'never'}); its tokens end`
    },
  }),
  instance: (_around, text) => {
    const at = text.indexOf('/')
    if (at <= 0 || at === text.length - 1)
      throw new CommandError(`an instance is named with its identity, and \`${text}\` is not`, {
        next: 'give IDENTITY/INSTANCE, such as orders-sync/pod-7; `reeve instance list IDENTITY` lists them',
      })
    const [identity, instance] = [text.slice(0, at), text.slice(at + 1)]
    return {
      noun: 'broker.instance',
      input: { identity, instance },
      hasDryRun: false,
      look: async () => `one running copy of ${identity}: ${instance}; the others go on`,
    }
  },
  identity: (_around, identity) => ({
    noun: 'inventory.identity',
    input: { identity },
    hasDryRun: true,
    look: async () => '',
  }),
  owner: (_around, owner) => ({ noun: 'inventory.owner', input: { owner }, hasDryRun: true, look: async () => '' }),
  issuer: (_around, issuer) => ({
    noun: 'broker.issuer',
    input: { issuer },
    hasDryRun: false,
    look: async (client) => {
      const trusts = await everyPage((page) => client.broker.trust.list(page))
      const of = trusts.filter(({ trust, credential }) => trust.issuer === issuer && credential.state !== 'revoked')
      const identities = new Set(of.map(({ credential }) => credential.identity))
      const called = [...identities].slice(0, SHOWN_MAX).map((identity) => calledBy(client, identity))
      return identities.size === 0
        ? 'no trust names it: if it is this server itself, every token that it issued, of every identity; else nothing, and it is refused'
        : `all that prove themselves by its tokens, ${identities.size} of them, cannot; what they got by them ends: ${(await Promise.all(called)).join(', ')}`
    },
  }),
}

// Whether its name may be told is asked of the server, as anybody asks. A stop is not held up by a name: else it is the id.
const calledBy = (client: Client, identity: string): Promise<string> =>
  client.inventory.identity.show({ identity }).then(
    ({ id, name }) => `${name} (${id})`,
    () => identity,
  )
