import type { ChainLink } from '@reeve/sdk'
import type { OwnToken } from '../room.ts'
import type { HotParts } from './hot-parts.ts'
import { type Standing, standingFault } from './standing.ts'
import { unboundFault } from './unbound-fault.ts'

/** Everybody by whom a token came to be, as memory knows them now: its subject first, then who presented what, oldest first. */
export const standingsOf = async (
  parts: HotParts,
  token: OwnToken,
  now: Date,
): Promise<readonly Standing[] | string> => {
  const { sub, jti, reeve } = token.claims
  const { board, tiers } = parts
  const given = { board, tiers, issuer: parts.issuer(), nowMs: now.getTime(), isOfToken: true } as const
  const standings: Standing[] = []
  for (const link of [{ jti, sub, ...reeve }, ...(reeve.chain ?? [])]) {
    const standing = await standingAt(parts, link)
    if (standing === undefined) return 'credential_stopped'
    const stopped = standingFault(standing, given)
    if (stopped !== undefined) return stopped.code
    // The tier of any of them may have risen since.
    const unbound = unboundFault(parts.tiers, standing.client.subject.tier, token.claims.cnf)
    if (unbound !== undefined) return unbound.code
    standings.push(standing)
  }
  return standings
}

/** Why somebody by whom a token came to be may not act now, or undefined when all of them may. */
export const whyNoStanding = async (parts: HotParts, token: OwnToken, now: Date): Promise<string | undefined> => {
  const found = await standingsOf(parts, token, now)
  return typeof found === 'string' ? found : undefined
}

const standingAt = async ({ memory }: HotParts, link: ChainLink): Promise<Standing | undefined> => {
  const client = await memory.find(link.sub)
  const credential = client?.credentials.find(({ id }) => id === link.credential)
  if (client === undefined || credential === undefined) return undefined
  return { client, credential, instance: link.instance ?? null, issuer: link.issuer }
}
