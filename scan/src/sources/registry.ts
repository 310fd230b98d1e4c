import type { Source } from '../source.ts'
import { attestedSource } from './attested/source.ts'
import { awsSource } from './aws/source.ts'
import { azureSource } from './azure/source.ts'
import { circleciSource } from './circleci/source.ts'
import { cloudformationSource } from './cloudformation/source.ts'
import { composeSource } from './compose/source.ts'
import { envSource } from './env/source.ts'
import { gcpSource } from './gcp/source.ts'
import { githubSource } from './github/source.ts'
import { githubActionsSource } from './github-actions/source.ts'
import { gitlabCiSource } from './gitlab-ci/source.ts'
import { googleWorkspaceSource } from './google-workspace/source.ts'
import { graphSource } from './graph/source.ts'
import { jenkinsSource } from './jenkins/source.ts'
import { kubernetesSource } from './kubernetes/source.ts'
import { machinesSource } from './machines/source.ts'
import { mcpSource } from './mcp/source.ts'
import { oktaSource } from './okta/source.ts'
import { scannersSource } from './scanners/source.ts'
import { secretStoresSource } from './secret-stores/source.ts'
import { secretsSource } from './secrets/source.ts'
import { servicesSource } from './services/source.ts'
import { slackSource } from './slack/source.ts'
import { terraformCodeSource } from './terraform-code/source.ts'
import { terraformStateSource } from './terraform-state/source.ts'

/** Every source; a new one is a folder and a line here. */
export const sources: readonly Source[] = [
  secretsSource,
  githubActionsSource,
  gitlabCiSource,
  circleciSource,
  jenkinsSource,
  composeSource,
  envSource,
  kubernetesSource,
  mcpSource,
  awsSource,
  terraformStateSource,
  terraformCodeSource,
  cloudformationSource,
  gcpSource,
  azureSource,
  githubSource,
  oktaSource,
  googleWorkspaceSource,
  slackSource,
  servicesSource,
  scannersSource,
  graphSource,
  secretStoresSource,
  machinesSource,
  attestedSource,
]
