/** The last part of a path, in lower case, as ids are compared. */
export const guidOf = (id: string): string =>
  id
    .replace(/^UUID\('([^']{1,64})'\)$/, '$1')
    .split('/')
    .at(-1)
    ?.toLowerCase() ?? ''
