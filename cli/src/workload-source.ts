import { createTokenSource, type ExchangeOptions, followFeed, type TokenSource } from '@reeve/sdk'
import type { Context } from './context.ts'
import { CommandError } from './exit-code.ts'
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
  const details = flags.detail?.map(detailIn)
  const issuer = await context.server()
  const proof = await proofOf(context.around, flags, issuer)
  const feed = isLong ? followFeed({ issuer, fetch: (url, init) => fetch(url, init), clock, random }) : undefined
  const source = createTokenSource({
    issuer,
    clientId: identity,
    ...proof,
    audience: flags.for,
    ...(flags.scope === undefined ? {} : { scope: flags.scope }),
    ...(details === undefined ? {} : { details }),
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

/** One authorization detail; which of them there are, the resource says. */
const detailIn = (text: string): Readonly<Record<string, unknown>> => {
  const found = objectIn(text)
  if (found === undefined)
    throw new CommandError('--detail is one JSON object', {
      next: `give it as '{"type":"…","actions":["…"]}'; \`reeve resource show\` lists the types`,
    })
  return found
}

const objectIn = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
