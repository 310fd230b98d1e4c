/** A thing that a caller names, with what he says of it. */
export interface Named {
  readonly type: string
  readonly id: string
  readonly properties: Stated
}

/** What a caller says: nothing of it is a fact until the register leaves room for it. */
export type Stated = Readonly<Record<string, unknown>>

/** May this subject do this to this resource? As the AuthZEN Authorization API asks it. */
export interface Question {
  readonly subject: Named
  readonly action: { readonly name: string; readonly properties: Stated }
  readonly resource: Named
  readonly context: Stated
}

/** The types by which registered identities and resources are asked about; all others are an application's. */
export const IDENTITY_TYPE = 'identity'
export const RESOURCE_TYPE = 'resource'
