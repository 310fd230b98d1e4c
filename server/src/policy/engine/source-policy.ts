import type { PolicyEst } from '@reeve/cedar'

/** One policy as it was written or compiled, with where it came from. */
export interface SourcePolicy {
  id: string
  text: string
  origin: PolicyOrigin
  kind: 'policy' | 'grant' | 'bundle' | 'builtin'
  /** An error in a critical forbid denies; the annotation `@critical` says the same. */
  isCritical?: boolean
  /**
   * The parsed form of `text`: of a grant, as `grantPolicy` made it, or of a built-in rule, as it came with the server.
   * Such a policy is neither parsed nor type-checked again, so that 100,000 grants are loaded in seconds, and a start
   * needs no parser. Never set it from anything that was received or stored.
   */
  compiled?: PolicyEst
}

/** The file and the line (from 1) where a policy starts, when it came from a file. */
export interface PolicyOrigin {
  file?: string
  line?: number
}

/** What is wrong with one policy, or with the whole set when `policy` is empty, in plain words. */
export interface PolicyProblem {
  policy: string
  message: string
  line?: number
  column?: number
}
