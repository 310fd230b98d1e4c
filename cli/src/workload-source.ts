import { createTokenSource, type ExchangeOptions, followFeed, type TokenSource } from '@reeve/sdk'
import type { Context } from './context.ts'
import { proofOf, type WorkloadFlags } from './workload-proof.ts'

/** A source of the tokens that these flags name; one that goes on for long follows the feed, and drops what is stopped. */
export const workloadSource = async (
  context: Context,
  identity: string,
  flags: WorkloadFlags,
  {
    isLong = false,
    dpop = false,
    exchange,
  }: {
    readonly isLong?: boolean
    readonly dpop?: CryptoKeyPair | false
    readonly exchange?: ExchangeOptions
  } = {},
): Promise<TokenSource> => {
  const { clock, random } = context.around
  const issuer = await context.server()
  const proof = await proofOf(context.around, flags, issuer)
  const feed = isLong ? followFeed({ issuer, fetch: (url, init) => fetch(url, init), clock, random }) : undefined
  const source = createTokenSource({
    issuer,
    clientId: identity,
    ...proof,
    audience: flags.for,
    ...(flags.scope === undefined ? {} : { scope: flags.scope }),
    dpop,
    ...(flags.mayAct === undefined ? {} : { mayAct: flags.mayAct }),
    ...(exchange === undefined ? {} : { exchange }),
    feed: feed ?? false,
    allowsPlainHttp: true,
    clock,
    random,
  })
  return {
    ...source,
    close: () => {
      source.close()
      feed?.close()
    },
  }
}
