/** A named set of permissions for one class of automation: which actions on which resources. */
export interface Bundle {
  readonly id: string
  readonly name: string
  readonly purpose: string
  readonly matrix: readonly MatrixLine[]
}

/** Actions on one resource (its id); `*` stands for every action that the resource has. */
export interface MatrixLine {
  readonly resource: string
  readonly actions: readonly string[]
}
