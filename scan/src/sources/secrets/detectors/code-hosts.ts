import { hasBase62Crc } from '../checksum.ts'
import type { Detector } from '../detector.ts'
import { isPlaceholder } from '../placeholder.ts'
import { namesPlace } from '../strength.ts'
import { mixed, type TokenRow, tokenDetector } from '../token-detector.ts'

// GitHub, "Behind GitHub's new authentication token formats": the last six of the 36 are a checksum of the rest.
const checked = (token: string) => (hasBase62Crc(token.slice(4)) ? ('high' as const) : ('low' as const))

const ROWS: readonly TokenRow[] = [
  {
    id: 'github-personal-token',
    title: 'GitHub personal access token',
    provider: 'github',
    kind: 'account',
    type: 'personal-token',
    severity: 'critical',
    keywords: ['ghp_'],
    pattern: /ghp_[A-Za-z0-9]{36}/y,
    verify: checked,
    reaches: 'everything its owner can reach on GitHub, within its scopes',
  },
  {
    id: 'github-fine-grained-token',
    title: 'GitHub fine-grained personal access token',
    provider: 'github',
    kind: 'account',
    type: 'personal-token',
    severity: 'critical',
    keywords: ['github_pat_'],
    pattern: /github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}/y,
    reaches: 'the repositories that its owner chose',
  },
  {
    id: 'github-oauth-token',
    title: 'GitHub OAuth token',
    provider: 'github',
    type: 'access-token',
    severity: 'critical',
    keywords: ['gho_', 'ghu_', 'ghr_'],
    pattern: /gh[our]_[A-Za-z0-9]{36}/y,
    verify: checked,
    reaches: 'what the person who consented can reach on GitHub',
  },
  {
    id: 'github-app-token',
    title: 'GitHub App installation token',
    provider: 'github',
    type: 'access-token',
    severity: 'high',
    keywords: ['ghs_'],
    pattern: /ghs_(?:[A-Za-z0-9]{36}|\d{1,20}_eyJ[\w-]{10,2000}\.[\w-]{10,2000}\.[\w-]{10,2000})/y,
    verify: (token) => (token.length === 40 ? checked(token) : 'high'),
    reaches: 'the repositories that the GitHub App is installed on',
  },
  ...gitlab('gitlab-personal-token', 'GitLab personal access token', 'critical', 'glpat-', {
    kind: 'account',
    type: 'personal-token',
    pattern: /glpat-[\w-]{20,300}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?/y,
  }),
  ...gitlab('gitlab-deploy-token', 'GitLab deploy token', 'high', 'gldt-', { pattern: /gldt-[\w-]{20,80}/y }),
  ...gitlab('gitlab-runner-token', 'GitLab runner token', 'high', 'glrt-', {
    kind: 'ci-job',
    pattern: /glrt-[\w-]{20,100}(?:\.[0-9a-z]{2}\.[0-9a-z]{7,9})?/y,
  }),
  ...gitlab('gitlab-runner-registration-token', 'GitLab runner registration token', 'high', 'gr1348941', {
    kind: 'ci-job',
    pattern: /GR1348941[\w-]{20,50}/y,
  }),
  ...gitlab('gitlab-trigger-token', 'GitLab pipeline trigger token', 'high', 'glptt-', {
    kind: 'ci-job',
    pattern: /glptt-[\w-]{20,80}/y,
  }),
  ...gitlab('gitlab-job-token', 'GitLab CI job token', 'medium', 'glcbt-', {
    kind: 'ci-job',
    pattern: /glcbt-(?:[0-9a-fA-F]{1,5}_)?[\w-]{20,80}/y,
  }),
  ...gitlab('gitlab-agent-token', 'GitLab agent token for Kubernetes', 'critical', 'glagent-', {
    kind: 'service',
    pattern: /glagent-[\w-]{40,120}/y,
  }),
  ...gitlab('gitlab-oauth-secret', 'GitLab OAuth application secret', 'high', 'gloas-', {
    type: 'client-secret',
    pattern: /gloas-[\w-]{40,120}/y,
  }),
  ...gitlab('gitlab-scim-token', 'GitLab SCIM token', 'high', 'glsoat-', { pattern: /glsoat-[\w-]{20,80}/y }),
  ...gitlab('gitlab-feed-token', 'GitLab feed token', 'medium', 'glft-', { pattern: /glft-[\w-]{20,80}/y }),
  ...gitlab('gitlab-flag-token', 'GitLab feature flags token', 'medium', 'glffct-', {
    pattern: /glffct-[\w-]{20,80}/y,
  }),
  ...gitlab('gitlab-mail-token', 'GitLab incoming mail token', 'medium', 'glimt-', { pattern: /glimt-[\w-]{20,80}/y }),
  {
    id: 'bitbucket-app-password',
    title: 'Bitbucket app password',
    provider: 'bitbucket',
    kind: 'account',
    type: 'personal-token',
    severity: 'critical',
    keywords: ['atbb'],
    pattern: /ATBB[A-Za-z0-9]{32}/y,
    before: 'word',
    verify: mixed,
  },
  {
    id: 'npm-token',
    title: 'npm access token',
    provider: 'npm',
    kind: 'account',
    type: 'personal-token',
    severity: 'critical',
    keywords: ['npm_'],
    pattern: /npm_[A-Za-z0-9]{36}/y,
    verify: checked,
    reaches: 'the packages that its owner may publish',
  },
  {
    id: 'npm-registry-token',
    title: 'registry token in an npm configuration',
    provider: 'npm',
    kind: 'account',
    type: 'personal-token',
    severity: 'high',
    keywords: ['_auth'],
    pattern: /_auth(?:Token)?[ \t]{0,4}=[ \t]{0,4}["']?([A-Za-z0-9+/_=.-]{12,400})/y,
    verify: (token) =>
      /\d/.test(token) && /[A-Za-z]/.test(token) && !namesPlace(token) && !isPlaceholder(token) ? 'medium' : false,
    reaches: 'the packages of that registry',
  },
  {
    id: 'pypi-token',
    title: 'PyPI upload token',
    provider: 'pypi',
    kind: 'account',
    severity: 'critical',
    // The macaroon's location, `pypi.org` or `test.pypi.org`, stands in base64 behind the prefix.
    keywords: ['pypi-ageichlwas5vcmc', 'pypi-agendgvzdc5wexbplm9yz'],
    pattern: /pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)[\w-]{50,400}/y,
    reaches: 'the packages that its owner may publish',
  },
  {
    id: 'rubygems-key',
    title: 'RubyGems API key',
    provider: 'rubygems',
    severity: 'critical',
    keywords: ['rubygems_'],
    pattern: /rubygems_[a-f0-9]{48}/y,
  },
  {
    id: 'nuget-key',
    title: 'NuGet API key',
    provider: 'nuget',
    severity: 'critical',
    keywords: ['oy2'],
    wordCharsMin: 46,
    pattern: /oy2[a-z0-9]{43}/y,
    before: 'base64',
  },
  {
    id: 'clojars-token',
    title: 'Clojars deploy token',
    provider: 'clojars',
    severity: 'critical',
    keywords: ['clojars_'],
    pattern: /CLOJARS_[a-z0-9]{60}/y,
  },
  {
    id: 'crates-token',
    title: 'crates.io token',
    provider: 'crates.io',
    severity: 'critical',
    keywords: ['cio'],
    wordCharsMin: 35,
    pattern: /cio[A-Za-z0-9]{32}/y,
    before: 'base64',
    verify: mixed,
  },
  {
    id: 'docker-token',
    title: 'Docker Hub access token',
    provider: 'docker',
    kind: 'account',
    type: 'personal-token',
    severity: 'critical',
    keywords: ['dckr_pat_', 'dckr_oat_'],
    pattern: /dckr_[po]at_[\w-]{27,40}/y,
    reaches: 'the images that its owner may push',
  },
  {
    id: 'artifactory-key',
    title: 'Artifactory API key',
    provider: 'jfrog',
    severity: 'high',
    keywords: ['akcp', 'cmvmdgtu'],
    pattern: /(?:AKCp[A-Za-z0-9]{60,80}|cmVmdGtu[A-Za-z0-9]{56})/y,
    before: 'base64',
  },
  {
    id: 'circleci-token',
    title: 'CircleCI token',
    provider: 'circleci',
    severity: 'high',
    keywords: ['ccipat_', 'ccipra_'],
    pattern: /CCIP(?:AT|RA)_[A-Za-z0-9]{20,24}_[a-f0-9]{40}/y,
  },
  {
    id: 'buildkite-token',
    title: 'Buildkite API token',
    provider: 'buildkite',
    severity: 'high',
    keywords: ['bkua_'],
    pattern: /bkua_[a-f0-9]{40}/y,
  },
  {
    id: 'sonar-token',
    title: 'SonarQube token',
    provider: 'sonar',
    severity: 'medium',
    keywords: ['squ_', 'sqp_', 'sqa_'],
    pattern: /sq[pua]_[a-f0-9]{40}/y,
  },
]

/** Tokens of code hosts and package registries. */
export const codeHostDetectors: readonly Detector[] = ROWS.map(tokenDetector)

function gitlab(
  id: string,
  title: string,
  severity: TokenRow['severity'],
  keyword: string,
  rest: Pick<TokenRow, 'pattern'> & Partial<TokenRow>,
): TokenRow[] {
  return [
    { id, title, provider: 'gitlab', type: 'access-token', severity, keywords: [keyword], before: 'word', ...rest },
  ]
}
