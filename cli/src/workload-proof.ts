import type { ClientAuth, MtlsOptions } from '@reeve/sdk'
import type { Command } from 'commander'
import type { JWK } from 'jose'
import { awsProof } from './aws-proof.ts'
import { boundKeyProof } from './bound-key-proof.ts'
import { CommandError } from './exit-code.ts'
import { platformProof } from './platform-proof.ts'
import { readInput, readSecret, readText } from './read-input.ts'
import type { Surroundings } from './surroundings.ts'

/** The flags by which a command acts as an identity: what it asks for, and how it proves itself. */
export interface WorkloadFlags {
  readonly for: string
  readonly key?: string
  readonly cert?: string
  readonly secretFile?: string
  readonly scope?: string
  readonly detail?: readonly string[]
  readonly proof?: string
  readonly mayAct?: string
}

/** Declares the identity and these flags. */
export const declareWorkload = (command: Command): Command =>
  command
    .argument('<identity>', 'the id of the identity (nhi_…) or its name')
    .requiredOption('--for <uri>', 'the resource that the token is for')
    .option('--key <file>', 'the private key as a JWK, or - for standard input')
    .option('--cert <file>', 'a certificate in PEM that is shown (mutual TLS); --key is its key then')
    .option('--secret-file <file>', 'the client secret, or - for standard input')
    .option('--proof <from>', 'github, aws, file:PATH, env:NAME or bound-key:FILE')
    .option('--scope <actions>', 'the actions, separated by spaces; all that is granted without it')
    .option('--detail <json...>', 'what the token is for exactly (RFC 9396)')

/** How the identity proves itself to the server at this URL, by these flags, and over which connections. */
export const proofOf = async (
  around: Surroundings,
  flags: WorkloadFlags,
  issuer: string,
): Promise<{ readonly auth: ClientAuth } | { readonly mtls: MtlsOptions }> =>
  flags.cert === undefined
    ? { auth: await authOf(around, flags, issuer) }
    : { mtls: await certificateOf(around, flags.cert, flags, issuer) }

const certificateOf = async (
  around: Surroundings,
  cert: string,
  { key, secretFile, proof }: WorkloadFlags,
  issuer: string,
): Promise<MtlsOptions> => {
  if (key === undefined || secretFile !== undefined || proof !== undefined)
    throw new CommandError('a certificate proves the identity with its key, and with nothing else', {
      next: 'give --cert FILE and --key FILE, both in PEM',
    })
  if (!issuer.startsWith('https://'))
    throw new CommandError('a certificate is shown over https alone', { next: 'name the server by its https URL' })
  return { cert: await pemIn(around, cert, 'CERTIFICATE'), key: await pemIn(around, key, 'PRIVATE KEY') }
}

const pemIn = async (around: Surroundings, file: string, what: string): Promise<string> => {
  const text = await readText(around, file)
  if (!text.includes(`${what}-----`))
    throw new CommandError(`${file} holds no ${what.toLowerCase()} in PEM`, {
      next: 'give the files of the certificate, --cert and --key, in PEM',
    })
  return text
}

const authOf = async (around: Surroundings, flags: WorkloadFlags, issuer: string): Promise<ClientAuth> => {
  const { key, secretFile, proof } = flags
  const bound = /^bound-key:(.+)$/.exec(proof ?? '')?.[1]
  if (bound !== undefined && key === undefined) return boundKeyProof(around, bound, secretFile)
  if ([key, secretFile, proof].filter((way) => way !== undefined).length !== 1)
    throw new CommandError('the identity must prove itself, in one way', {
      next: 'give --key FILE, --secret-file FILE or --proof FROM, or --cert FILE with its --key',
    })
  if (proof !== undefined && /^aws(?:$|:)/.test(proof)) return { aws: awsProof(around, proof.slice(4)) }
  if (proof !== undefined) return { platformToken: platformProof(around, proof, issuer) }
  if (key === undefined) return { clientSecret: await readSecret(around, secretFile ?? '-') }
  const jwk: JWK = await readInput(around, key)
  if (typeof jwk.kty !== 'string' || typeof jwk.d !== 'string')
    throw new CommandError(`${key} holds no private key as a JWK`, {
      next: 'give the file that `reeve credential add --new-key FILE` wrote',
    })
  return { privateKey: jwk }
}
