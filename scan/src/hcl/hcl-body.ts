/** What a file of HCL says, before anybody asked what its names stand for. */

/** A value as it is written. */
export type HclValue =
  | { readonly is: 'literal'; readonly value: string | number | boolean | null }
  /** Text with values in it. */
  | { readonly is: 'template'; readonly parts: readonly HclValue[] }
  | { readonly is: 'list'; readonly items: readonly HclValue[] }
  | { readonly is: 'object'; readonly entries: readonly HclEntry[] }
  /** A name with dots, without the numbers of elements: `aws_iam_role.deploy.arn`. */
  | { readonly is: 'reference'; readonly path: string }
  | { readonly is: 'call'; readonly name: string; readonly args: readonly HclValue[] }
  /** Conditions, sums, loops: what only a run would tell. */
  | { readonly is: 'unknown'; readonly text: string }

/** One attribute, of a block or of an object. */
export interface HclEntry {
  readonly key: string
  readonly value: HclValue
  readonly line: number
}

/** What stands between the braces of a block, or in a whole file. */
export interface HclBody {
  readonly attributes: readonly HclEntry[]
  readonly blocks: readonly HclBlock[]
}

/** `type "label" "label" { … }`. */
export interface HclBlock {
  readonly type: string
  readonly labels: readonly string[]
  readonly line: number
  readonly body: HclBody
}

/** A place where the text is no HCL. */
export class HclError extends Error {
  readonly at: number
  constructor(at: number, what: string) {
    super(what)
    this.at = at
  }
}
