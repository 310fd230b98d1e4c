import type { Source } from '../source.ts'
import { awsSource } from './aws/source.ts'
import { azureSource } from './azure/source.ts'
import { circleciSource } from './circleci/source.ts'
import { cloudformationSource } from './cloudformation/source.ts'
import { composeSource } from './compose/source.ts'
import { envSource } from './env/source.ts'
import { gcpSource } from './gcp/source.ts'
import { githubActionsSource } from './github-actions/source.ts'
import { gitlabCiSource } from './gitlab-ci/source.ts'
import { jenkinsSource } from './jenkins/source.ts'
import { kubernetesSource } from './kubernetes/source.ts'
import { mcpSource } from './mcp/source.ts'
import { secretsSource } from './secrets/source.ts'
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
]
