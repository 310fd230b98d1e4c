/** What a file of HCL says, before anybody asked what its names stand for. */

/** A value as it is written. `text` is how it stands in the file, cut where it is long. */
export type HclValue =
  | { readonly is: 'literal'; readonly value: string | number | boolean | null }
  /** Text with values in it. */
  | { readonly is: 'template'; readonly parts: readonly HclValue[] }
  | { readonly is: 'list'; readonly items: readonly HclValue[] }
  | { readonly is: 'object'; readonly entries: readonly HclEntry[] }
  /** A name with dots, up to the first index: `aws_iam_role.deploy`. */
  | { readonly is: 'reference'; readonly path: string }
  /** What is taken out of a value: `x[0]`, `x["a"]`, `f(x).a`. */
  | { readonly is: 'step'; readonly from: HclValue; readonly key: HclValue; readonly text: string }
  /** The same of each item of a list: `x[*].id`. */
  | { readonly is: 'splat'; readonly from: HclValue; readonly keys: readonly HclValue[]; readonly text: string }
  /** `isSpread`: its last argument is a list of further ones. */
  | { readonly is: 'call'; readonly name: string; readonly args: readonly HclValue[]; readonly isSpread: boolean }
  | {
      readonly is: 'choice'
      readonly of: HclValue
      readonly yes: HclValue
      readonly no: HclValue
      readonly text: string
    }
  | {
      readonly is: 'operation'
      readonly operator: string
      readonly operands: readonly HclValue[]
      readonly text: string
    }
  | HclLoop
  /** What the reader does not understand. */
  | { readonly is: 'unknown'; readonly text: string }

/** `[for k, v in x : v if v != ""]`; one that has a `key` makes an object. */
export interface HclLoop {
  readonly is: 'loop'
  /** One or two. */
  readonly names: readonly string[]
  readonly over: HclValue
  readonly key: HclValue | undefined
  readonly value: HclValue
  readonly condition: HclValue | undefined
  readonly isGrouped: boolean
  readonly text: string
}

/** One attribute, of a block or of an object. */
export interface HclEntry {
  /** As it is written. */
  readonly key: string
  /** What a key that is put together stands for. */
  readonly computedKey?: HclValue
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
