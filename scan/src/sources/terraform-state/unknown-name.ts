/**
 * How what belongs to a resource of code names it where its name is known only by a run: two of them may read alike.
 * It is an unknown text itself, wherever it is put into another.
 */
export const unknownName = (address: string): string => `\${${address}.name}`
