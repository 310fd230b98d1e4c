import { isOfPullRequests, isOpenSubject } from '../exports/subject.ts'
import type { Condition, Principal, Statement } from './policy.ts'

/** Who may become a role: one class for each principal of each statement that allows it. */
export type TrustClass =
  | 'service'
  | 'account'
  | 'external-account'
  | 'oidc'
  | 'saml'
  | 'everybody'
  | 'deleted'
  | 'canonical-user'
  /** Code that names a variable, whose value is not in the file. */
  | 'variable'
  | 'unrecognised'

/** What is wrong with one of them. */
export type TrustFault =
  | 'external-id-missing'
  | 'subject-missing'
  | 'subject-open'
  | 'subject-wildcard'
  | 'subject-pull-requests'
  | 'audience-missing'
  | 'certificate-open'
  | 'unauthenticated'
  | 'principal-deleted'

/** One who may become the role. */
export interface Trust {
  readonly class: TrustClass
  readonly principal: string
  readonly faults: readonly TrustFault[]
  /** What narrows it: condition keys that hold the caller to something. */
  readonly narrowedBy: readonly string[]
  /** Whether somebody whom nobody here knows can use it from the internet. */
  readonly isOpenToStrangers: boolean
}

/** Says who may become a role that lies in `account`; an account that is not known makes every account external. */
export const classifyTrust = (statements: readonly Statement[], account: string): Trust[] =>
  statements
    .filter(({ effect, actions }) => effect === 'Allow' && mayAssume(actions))
    .flatMap((statement) => {
      const everybodyBut = statement.hasNotPrincipal ? [{ type: 'AWS', value: '*' }] : []
      return [...statement.principals, ...everybodyBut].map((principal) =>
        trustOf(principal, pinsOf(statement.conditions), account),
      )
    })

// With `NotAction`, and where code names a variable, nobody knows: it counts.
const mayAssume = (actions: readonly string[]): boolean =>
  actions.length === 0 || actions.some((action) => /[*?$]|^sts:AssumeRole/i.test(action))

/** What the conditions of a statement hold the caller to, by key. */
type Pins = ReadonlyMap<string, readonly string[]>

// `…IfExists` and `ForAllValues:` are true when the caller sends no such key, and a negation is true of all others:
// none of them holds anybody to anything. A value that is only `*` does neither, nor does one that everybody can have.
const pinsOf = (conditions: readonly Condition[]): Pins => {
  const pins = new Map<string, readonly string[]>()
  for (const { operator, key, values } of conditions) {
    if (!PINNING.test(operator) || values.length === 0) continue
    // An operator without wildcards takes them literally: no name has one, so nobody else is let in.
    const isLiteral = LITERAL.test(operator)
    if (!isLiteral && values.some((value) => ANYBODYS.test(value))) continue
    pins.set(key, isLiteral ? values.map((value) => value.replaceAll('*', '\u2217')) : values)
  }
  return pins
}

const PINNING =
  /^(?:ForAnyValue:)?(?:StringEquals|StringLike|StringEqualsIgnoreCase|ArnEquals|ArnLike|IpAddress|Bool|NumericLessThan)$/i

// Every address, every organisation, a name in whatever account: anybody may make one of that name.
const ANYBODYS =
  /^(?:[*?]{1,100}|(?:0\.0\.0\.0|::)\/0|o-\*|arn:[\w*-]{1,20}:[\w*-]{0,40}:[\w*-]{0,40}:[*?]{1,12}:[^\n]{0,1000})$/

const LITERAL = /StringEquals/i

const trustOf = ({ type, value }: Principal, pins: Pins, account: string): Trust => {
  const narrowedBy = [...pins.keys()].filter((key) => !WEAK_KEYS.has(key)).sort()
  const trust = (is: TrustClass, faults: readonly TrustFault[] = [], isOpenToStrangers = false): Trust => ({
    class: is,
    principal: value,
    faults,
    narrowedBy,
    isOpenToStrangers,
  })
  if (value === '*') return trust('everybody', [], narrowedBy.length === 0)
  switch (type.toLowerCase()) {
    case 'service':
      return value === 'rolesanywhere.amazonaws.com' && !isHeldToCertificate(pins)
        ? trust('service', ['certificate-open'])
        : trust('service')
    case 'federated':
      return federatedTrust(value, pins, trust)
    case 'canonicaluser':
      return trust('canonical-user')
    case 'aws': {
      // When a user or role is deleted, AWS shows its id where its name was.
      if (/^A(?:ID|RO)A[A-Z0-9]{4,40}$/.test(value)) return trust('deleted', ['principal-deleted'])
      const its = accountOf(value)
      if (its === undefined) return trust(isVariable(value) ? 'variable' : 'unrecognised')
      if (its === account && account !== '') return trust('account')
      const isHeld = narrowedBy.some((key) => EXTERNAL_KEYS.has(key))
      return trust('external-account', isHeld ? [] : ['external-id-missing'])
    }
    default:
      return trust('unrecognised')
  }
}

// Every language of code writes it so by the time it comes here.
const isVariable = (value: string): boolean => value.includes('${')

type MakeTrust = (is: TrustClass, faults?: readonly TrustFault[], isOpen?: boolean) => Trust

const federatedTrust = (value: string, pins: Pins, trust: MakeTrust): Trust => {
  if (/:saml-provider\//.test(value)) {
    return trust('saml', pins.has('saml:aud') || pins.has('saml:iss') ? [] : ['audience-missing'])
  }
  const named = value
    .slice(value.indexOf(OIDC_PROVIDER) < 0 ? 0 : value.indexOf(OIDC_PROVIDER) + OIDC_PROVIDER.length)
    .toLowerCase()
  // Where a variable names the provider, the keys of the conditions still begin with its name.
  const issuer = isVariable(named) ? (issuerOfKeys(pins) ?? '') : named
  if (issuer === '' && isVariable(named)) return trust('variable')
  if (!issuer.includes('.')) return trust('unrecognised')
  return issuer === COGNITO ? cognitoTrust(pins, trust) : oidcTrust(issuer, pins, trust)
}

const COGNITO = 'cognito-identity.amazonaws.com'

const cognitoTrust = (pins: Pins, trust: MakeTrust): Trust => {
  const isUnauthenticated = (pins.get(`${COGNITO}:amr`) ?? []).some((amr) => /^unauthenticated$/i.test(amr))
  const hasAudience = pins.has(`${COGNITO}:aud`)
  const faults: TrustFault[] = [
    ...(isUnauthenticated ? (['unauthenticated'] as const) : []),
    ...(hasAudience ? [] : (['audience-missing'] as const)),
  ]
  return trust('oidc', faults, isUnauthenticated || !hasAudience)
}

const oidcTrust = (issuer: string, pins: Pins, trust: MakeTrust): Trust => {
  const isShared = SHARED_ISSUERS.has(issuer)
  const audience = pins.get(`${issuer}:aud`) ?? pins.get(`${issuer}:app_id`) ?? pins.get(`${issuer}:oaud`)
  const isSignIn = SIGN_IN_ISSUERS.has(issuer)
  const subjects = pins.get(`${issuer}:sub`) ?? OTHER_SUBJECTS.map((key) => pins.get(`${issuer}:${key}`)).find(Boolean)
  const subjectFaults: TrustFault[] = isSignIn && audience ? [] : subjectFaultsOf(subjects)
  const faults = [...subjectFaults, ...(audience ? [] : (['audience-missing'] as const))]
  // A token of a shared issuer can be had by anybody who has an account there.
  const isOpen = isShared && (subjectFaults.includes('subject-missing') || subjectFaults.includes('subject-open'))
  return trust('oidc', faults, isOpen)
}

const issuerOfKeys = (pins: Pins): string | undefined =>
  [...pins.keys()]
    .filter((key) => /:(?:sub|aud)$/.test(key))
    .map((key) => key.slice(0, key.lastIndexOf(':')))
    .find((issuer) => issuer !== 'saml' && !issuer.includes('${'))

const subjectFaultsOf = (subjects: readonly string[] | undefined): TrustFault[] => {
  if (!subjects) return ['subject-missing']
  if (subjects.some(isOpenSubject)) return ['subject-open']
  return [
    ...(subjects.some((subject) => /[*?]/.test(subject)) ? (['subject-wildcard'] as const) : []),
    ...(subjects.some(isOfPullRequests) ? (['subject-pull-requests'] as const) : []),
  ]
}

const isHeldToCertificate = (pins: Pins): boolean =>
  [...pins.keys()].some((key) => key === 'aws:sourcearn' || key.startsWith('aws:principaltag/x509'))

/** The account of an ARN or a bare account id; nothing when it names neither. */
export const accountOf = (principal: string): string | undefined => {
  if (/^\d{1,12}$/.test(principal)) return principal
  // Some write the empty region away; the account is still the first number.
  return /^arn:[\w-]{1,20}:(?:iam|sts):{1,2}(\d{1,12}|cloudfront|aws):/.exec(principal)?.[1]
}

// They narrow when and how, not who.
const WEAK_KEYS = new Set([
  'aws:multifactorauthpresent',
  'aws:securetransport',
  'aws:multifactorauthage',
  'aws:useragent',
])
const EXTERNAL_KEYS = new Set([
  ...['sts:externalid', 'aws:principalorgid', 'aws:principalorgpaths', 'aws:principalarn', 'aws:sourcearn'],
  ...['aws:sourceaccount', 'aws:sourceip', 'aws:sourcevpc', 'aws:sourcevpce', 'aws:vpcsourceip', 'aws:userid'],
])
// Whoever signs up there gets tokens of the same issuer. CircleCI, Bitbucket and Vercel's teams have one each, by their path.
const SHARED_ISSUERS = new Set([
  ...['token.actions.githubusercontent.com', 'gitlab.com', 'app.terraform.io', 'agent.buildkite.com'],
  ...['accounts.google.com', 'graph.facebook.com', 'www.amazon.com', 'app.pulumi.com/oidc'],
  ...['api.pulumi.com/oidc', 'oidc.vercel.com', 'app.spacelift.io', 'appleid.apple.com'],
])
// People sign in there: the audience is the application, and any user of it is meant.
const SIGN_IN_ISSUERS = new Set(['graph.facebook.com', 'www.amazon.com', 'accounts.google.com', 'appleid.apple.com'])
// Other claims that say who asks.
const OTHER_SUBJECTS = ['job_workflow_ref', 'repository', 'repository_id', 'repository_owner_id', 'project_path', 'id']

const OIDC_PROVIDER = ':oidc-provider/'
