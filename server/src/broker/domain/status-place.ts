/** Where a token stands in status lists: on which page of them, and at which index of it. */
export interface StatusPlace {
  readonly page: string
  readonly index: number
}

/** How many places a page has. */
export const PLACES = 131_072

/** The name of a token that tells its place, so that whoever stops it by that name alone stops it in its list as well. */
export const jtiAt = ({ page, index }: StatusPlace, unguessable: string): string =>
  `${page}.${index.toString(36)}.${unguessable}`

/** The place that a name tells, where it tells one. */
export const placeOf = (jti: string): StatusPlace | undefined => {
  const [, page, text] = NAMED.exec(jti) ?? []
  if (page === undefined || text === undefined) return undefined
  const index = Number.parseInt(text, 36)
  return index < PLACES ? { page, index } : undefined
}

const NAMED = /^([\w-]{11})\.([0-9a-z]{1,4})\.[\w-]{22}$/
