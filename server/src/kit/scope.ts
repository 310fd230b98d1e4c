/** The part of a list that its caller may see: all of it, or what belongs to these teams and what is common to all. */
export type Scope = { readonly all: true } | { readonly all: false; readonly teams: readonly string[] }

/** Everything there is. */
export const EVERYTHING: Scope = { all: true }

/** How a list is read in parts: in what order its rows come, how many are wanted, and under which names it has common ones. */
export interface InParts<Row, Common> {
  readonly limit: number
  readonly isBefore: (one: Row, other: Row) => boolean
  /** The part that belongs to no team and that everybody may see, where the list has one. */
  readonly common?: Common
}

/**
 * The first rows, in the order of the list, of what the scope lets be seen. Each team's part is read by itself, through
 * the index that begins with the team, so a page costs the same however much belongs to others.
 * INVARIANT: each read answers the first `limit` rows of its part in order, and no two rows have one place in the order:
 * what stands there twice is one row that belongs to several.
 */
export const readParts = async <Row, Common = never>(
  scope: Scope,
  { limit, isBefore, common }: InParts<Row, Common>,
  read: (part: string | Common | undefined) => Promise<readonly Row[]>,
): Promise<readonly Row[]> => {
  if (scope.all) return read(undefined)
  const parts: (string | Common)[] = [...new Set(scope.teams)]
  if (common !== undefined) parts.push(common)
  const rows: Row[] = []
  for (const part of parts) rows.push(...(await read(part)))
  rows.sort((one, other) => Number(isBefore(other, one)) - Number(isBefore(one, other)))
  return rows
    .filter((row, at) => at === 0 || rows.slice(at - 1, at).every((last) => isBefore(last, row)))
    .slice(0, limit)
}

/** Orders rows by this text, smallest first. */
export const byText =
  <Row>(textOf: (row: Row) => string) =>
  (one: Row, other: Row): boolean =>
    textOf(one) < textOf(other)

/** Orders rows by this number, largest first, and equal ones by this text, smallest first. */
export const newestFirst =
  <Row>(numberOf: (row: Row) => number, textOf: (row: Row) => string) =>
  (one: Row, other: Row): boolean =>
    numberOf(one) === numberOf(other) ? textOf(one) < textOf(other) : numberOf(one) > numberOf(other)
