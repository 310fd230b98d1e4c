import { LABELS as AWS } from './aws-labels.ts'
import { EXPORT_LABELS } from './export-labels.ts'
import { COMPOSE, fixedAccounts, literalAccounts, WORKFLOWS } from './real-files-labels.ts'
import { LABELS as STATES } from './terraform-labels.ts'

/** What a folder of real files holds. */
export interface FolderLabel {
  /** Every file of which a part or all cannot be read, and so is named: each is broken, cut off, no text, or not what it says. */
  readonly named: readonly string[]
  /** Of those, the ones of which everything is read that is there: what surrounds a broken piece, or nothing. */
  readonly readEvenSo?: readonly string[]
  /**
   * By source and kind, the identities that are not secrets: of clouds, states and services by the labels that were there
   * before their parsers; of workflows and compose files by name, from the files alone, by a reader who had not seen the
   * parsers that were there already. A folder without is of logs, specifications or vectors, and nobody counted what they
   * happen to mention.
   */
  readonly identities?: Readonly<Record<string, number>>
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0)
const aws = AWS.filter(({ file }) => file.startsWith('cloudsplaining-authz/'))

const EMPTY_STATES = [
  'pkg__iac__terraform__state__enumerator__testdata__edge_cases__terraform.tfstate__terraform.tfstate',
  'pkg__iac__terraform__state__enumerator__testdata__states__lambda__lambda.tfstate',
]

/** By folder of the shared data. */
export const FOLDER_LABELS: Readonly<Record<string, FolderLabel>> = {
  authzen: { named: [] },
  'c2sp-specs': { named: [] },
  // By file in `export-labels.ts`, whose test compares each; one identity in two files is two there, and one here.
  'cartography-fixtures': {
    named: ['microsoft/entra/directory_roles.json'],
    readEvenSo: ['microsoft/entra/directory_roles.json'],
    identities: Object.fromEntries(
      Object.entries(EXPORT_LABELS).map(([source, byFile]) => [`${source} *`, sum(Object.values(byFile))]),
    ),
  },
  'cedar-tests': { named: [] },
  'cloudsplaining-authz': {
    named: ['example_authz_v2.json'],
    readEvenSo: ['example_authz_v2.json'],
    identities: { 'aws *': sum(aws.map(({ users, roles }) => users + roles)) },
  },
  compose: {
    named: [],
    identities: {
      'compose service': sum(Object.values(COMPOSE.services).map(({ length }) => length)),
      'compose account': fixedAccounts.length,
      // Two of the four `.env` files give a password. No label says so: the label has them as settings of the services.
      'env service': 2,
    },
  },
  'dpop-rfc9449': { named: [] },
  'github-workflows': {
    named: ['empty_on', 'missing_jobs', 'missing_on', 'no_job', 'undefined_anchor', 'yaml_syntax_error'].map(
      (name) => `actionlint-err/${name}.yaml`,
    ),
    identities: {
      'github-actions ci-job': sum(Object.values(WORKFLOWS.jobs).map(({ length }) => length)),
      'github-actions account': literalAccounts.length,
    },
  },
  'iam-managed-policies': { named: [], identities: {} },
  'jose-cookbook': { named: [] },
  'k8s-manifests': { named: [], identities: { 'kubernetes service': 22 } },
  'mcp-schema': { named: [], identities: {} },
  'merkle-vectors': { named: [] },
  'ocsf-schema': { named: [] },
  'otlp-examples': { named: [] },
  'otrf-aws': { named: [] },
  'panther-tests': { named: [] },
  // Markdown around the YAML that its name says.
  'safe-mcp': { named: ['SAFE-T2103/detection-rule.yml'], readEvenSo: ['SAFE-T2103/detection-rule.yml'] },
  'secretlint-cases': {
    named: [
      'preset__secretlint-rule-gcp/ok.secure-privatekey-p12/input.p12',
      'secretlint-rule-gcp/ok.invalid-p12-huge-iter/input.p12',
      'secretlint-rule-gcp/ok.invalid-p12-truncated/input.p12',
    ],
  },
  'spiffe-testdata': { named: [] },
  'stratus-detonation-logs': { named: [] },
  'taubench-toolcalls': { named: [] },
  'tfstate-driftctl': {
    named: [...EMPTY_STATES, 'pkg__iac__terraform__state__testdata__v4__invalid.tfstate'],
    // To Terraform a state of no bytes is no state yet.
    readEvenSo: EMPTY_STATES,
    identities: { 'terraform-state *': sum(Object.values(STATES.identities)) },
  },
  traildiscover: { named: [] },
  wycheproof: { named: [] },
}
