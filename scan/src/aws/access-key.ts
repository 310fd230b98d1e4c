/** What an export says of an access key of a user; the secret half is in none. */
export interface AccessKeyFact {
  /** Tells the keys of one user apart: its place in the report, or how its id ends. */
  readonly key: string
  readonly isActive: boolean
  readonly madeOn: string
  /** A day, `never`, or nothing where the export does not say. */
  readonly usedOn: string
}

/** As the detail of a trait, which people read. */
export const accessKeyText = ({ key, isActive, madeOn, usedOn }: AccessKeyFact): string =>
  `access key ${key}, ${isActive ? 'active' : 'inactive'}, made ${madeOn || 'unknown'}, last used ${usedOn || 'unknown'}`

/** And back, for the rules. */
export const accessKeyFact = (detail: string): AccessKeyFact | undefined => {
  const match = FORM.exec(detail)
  if (!match) return undefined
  const [, key = '', state, madeOn = '', usedOn = ''] = match
  const known = (value: string) => (value === 'unknown' ? '' : value)
  return { key, isActive: state === 'active', madeOn: known(madeOn), usedOn: known(usedOn) }
}

const FORM =
  /^access key ([\w ]{1,40}), (active|inactive), made (\d{4}-\d\d-\d\d|unknown), last used (\d{4}-\d\d-\d\d|never|unknown)$/

/** The day of a time stamp; empty when it is none. */
export const dayOf = (text: string): string => /^\d{4}-\d\d-\d\d/.exec(text)?.[0] ?? ''
