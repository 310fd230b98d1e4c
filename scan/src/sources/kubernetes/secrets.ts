import { guessEnvironment } from '../../environment.ts'
import type { Trait } from '../../report.ts'
import type { OtherForm } from '../../source.ts'
import type { YamlValue } from '../../yaml-file.ts'
import { settingTraits } from '../settings.ts'
import { accountDraft, type InFile, ownerOf, type See } from './seen.ts'

/** A Secret: the static token of an account, or whatever else lies in it in plain text or in base64, which hides nothing. */
export const secretSeen: See = (object, at) => {
  const where = at.file.at(object.line)
  const secret = `${object.namespace}/${object.name}`
  const metadata = object.value.get('metadata')
  const applied = metadata?.get('annotations')?.get(APPLIED)
  if (object.value.get('type')?.text === TOKEN_TYPE) {
    const name = metadata?.get('annotations')?.get('kubernetes.io/service-account.name')?.text ?? UNNAMED
    const written = object.value.get('data')?.get('token') ?? object.value.get('stringData')?.get('token')
    const token = decoded(object.value.get('data')?.get('token')?.text) ?? written?.text
    const trait: Trait = {
      trait: 'k8s:static-token',
      detail: `Secret ${secret}`,
      where,
      ...(token ? { credential: at.tools.seal(token, { type: 'access-token', provider: 'kubernetes' }) } : {}),
    }
    const account = { namespace: object.namespace, name }
    return {
      sightings: [{ ...accountDraft(account, at, where, `Secret ${secret} holds a token of it`), traits: [trait] }],
      facts: [
        {
          type: 'token',
          fields: {
            account: at.names.accountKey(object.namespace, name),
            namespace: object.namespace,
            secret: object.name,
          },
          where,
        },
      ],
      // It is told where the object begins, and stands further down.
      otherForms: written ? formsOf(written, applied, trait, at) : [],
    }
  }
  const told = [...textsOf(object.value.get('stringData'), false, at), ...textsOf(object.value.get('data'), true, at)]
  const traits = told.flatMap((one) => one.traits)
  if (traits.length === 0) return {}
  return {
    sightings: [
      {
        kind: 'account',
        name: `secret ${secret} in ${at.names.scope}`,
        stableKey: `kubernetes:${at.names.scope}:secret/${secret}`,
        where,
        reaches: [],
        evidence: [`Secret ${secret} in ${at.file.baseName}`],
        environment: guessEnvironment([
          { name: object.namespace, what: 'its namespace' },
          { name: at.file.repositoryPath, what: 'the path' },
        ]),
        ...ownerOf(object.value),
        traits,
      },
    ],
    otherForms: told.flatMap(({ value, traits: [trait] }) => (trait ? formsOf(value, applied, trait, at) : [])),
  }
}

const TOKEN_TYPE = 'kubernetes.io/service-account-token'
const UNNAMED = 'unnamed'
const ENTRIES_MAX = 500

// Where kubectl keeps what was last applied, secrets and all.
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

// How pods sign in to registries: a password in JSON, whatever the registry is called.
const REGISTRY_KEYS = new Set(['.dockerconfigjson', '.dockercfg'])

interface ToldEntry {
  readonly value: YamlValue
  readonly traits: readonly Trait[]
}

const textsOf = (entries: YamlValue | undefined, isBase64: boolean, { file, tools }: InFile): ToldEntry[] =>
  (entries?.entries() ?? []).slice(0, ENTRIES_MAX).flatMap(({ key, value }) => {
    const text = isBase64 ? decoded(value.text) : value.text
    if (text === undefined || text === '') return []
    const where = file.at(value.textLine)
    if (REGISTRY_KEYS.has(key) && /"(?:auth|password)"/.test(text)) {
      const credential = tools.seal(text, { type: 'password', provider: 'registry' })
      return [{ value, traits: [{ trait: 'secret-in-settings', detail: key, where, credential, confidence: 'high' }] }]
    }
    return [{ value, traits: settingTraits({ name: key, value: text.trimEnd(), where }, tools) }]
  })

const formsOf = (
  value: YamlValue,
  applied: YamlValue | undefined,
  { credential }: Trait,
  { file, tools }: InFile,
): OtherForm[] => {
  const text = value.text?.trim()
  if (!credential || !text) return []
  const written = tools.seal(text, credential).fingerprint
  return [value, ...(applied ? [applied] : [])].map(({ textLine: line }) => ({
    where: file.at(line),
    written,
    told: credential.fingerprint,
  }))
}

const decoded = (text: string | undefined): string | undefined => {
  const compact = text?.replace(/\s/g, '')
  if (!compact || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) return undefined
  const plain = Buffer.from(compact, 'base64').toString('utf8')
  return plain.includes('\ufffd') || plain.includes('\0') ? undefined : plain
}
