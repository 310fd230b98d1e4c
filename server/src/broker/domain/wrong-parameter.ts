/** A parameter of a request that cannot be taken: its name and what is wrong. INVARIANT: never its value, which may be a secret. */
export interface WrongParameter {
  readonly wrongParameter: string
}

/** Says so, as in `wrongParameter('token is missing')`. */
export const wrongParameter = (about: string): WrongParameter => ({ wrongParameter: about })

/** Whether it was read as that. */
export const isWrongParameter = (read: object): read is WrongParameter => 'wrongParameter' in read
