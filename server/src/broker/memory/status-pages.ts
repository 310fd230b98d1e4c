import { type AccessTokenClaims, issuerPaths, revocationTarget, stoppableNames } from '@reeve/sdk'
import type { Random } from '../../kit/random.ts'
import { jtiAt, PLACES } from '../domain/status-place.ts'
import type { TokenResource } from '../room.ts'
import type { StatusNames } from '../status-name.ts'

/** Gives tokens their places in status lists. */
export interface StatusPages {
  /** The claims with a place of their own, where the resource asks for that; else as they are. */
  marked(resource: TokenResource, claims: AccessTokenClaims): AccessTokenClaims
}

/**
 * The pages of this process. A place is drawn by lot and given once: no token is stopped by another one's stop, and an index
 * tells nothing about who came when (Token Status List §12.3). Nothing is kept of it: see decision 0013.
 */
export const createStatusPages = (given: {
  readonly random: Random
  readonly names: StatusNames
  issuer(): string
}): StatusPages => {
  const { random, names } = given
  const newPage = () => ({
    name: random.bytes(8).toString('base64url'),
    taken: new Uint8Array(PLACES),
    left: DRAWN_MAX,
  })
  let page: ReturnType<typeof newPage> | undefined

  const draw = () => {
    if (page === undefined || page.left === 0) page = newPage()
    for (;;) {
      const index = random.bytes(4).readUInt32BE() % PLACES
      if (page.taken[index] === 1) continue
      page.taken[index] = 1
      page.left -= 1
      return { page: page.name, index }
    }
  }

  return {
    marked: (resource, claims) => {
      if (!resource.statusList) return claims
      const place = draw()
      // Its own name is told by its place, and the issuer is that of the list.
      const targets = stoppableNames(claims)
        .filter(
          ([scope, id]) => !(scope === 'issuer' && id === claims.iss) && !(scope === 'token' && id === claims.jti),
        )
        .map(([scope, id]) => revocationTarget(scope, id))
      const uri = `${given.issuer()}${issuerPaths.statusLists}${names.write({ page: place.page, targets })}`
      return { ...claims, jti: jtiAt(place, claims.jti), status: { status_list: { idx: place.index, uri } } }
    },
  }
}

// A page is left half full, so that to draw a free place never takes long.
const DRAWN_MAX = PLACES / 2
