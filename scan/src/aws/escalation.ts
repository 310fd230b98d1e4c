import { covers } from './glob.ts'
import { type Held, type Right, rightsTo, strongest } from './rights.ts'

/** A published way from some rights to more of them. */
export interface Escalation {
  readonly way: string
  /** The actions that it takes, all of them. */
  readonly actions: readonly string[]
  readonly what: string
}

/** A way that is open to somebody. */
export interface OpenWay extends Escalation {
  readonly policies: readonly string[]
  /** On everything or on itself, and without a condition; otherwise it depends on what the named resources are. */
  readonly isCertain: boolean
  /** The denials that take it away under a condition, in words. */
  readonly deniedIf: readonly string[]
}

/** The ways that are open to somebody, whose ARN is given where it is known; the surest first. */
export const escalationsOf = (held: Held, arn: string): OpenWay[] => {
  const known = new Map<string, Right | undefined>()
  const rightTo = (action: string): Right | undefined => {
    if (!known.has(action)) known.set(action, strongest(rightsTo(held, action).filter((right) => !isOnlyItself(right))))
    return known.get(action)
  }
  return ESCALATIONS.flatMap((way) => {
    const own = rightOverItself(way.way, held, arn)
    if (own) return [{ ...way, policies: [own.policy], isCertain: true, deniedIf: own.deniedIf }]
    const rights = way.actions.flatMap((action) => rightTo(action) ?? [])
    if (rights.length < way.actions.length) return []
    return [
      {
        ...way,
        policies: [...new Set(rights.map(({ policy }) => policy))],
        isCertain: rights.every(({ isOnEverything, isConditional }) => isOnEverything && !isConditional),
        deniedIf: [...new Set(rights.flatMap(({ deniedIf }) => deniedIf))],
      },
    ]
  }).toSorted((a, b) => Number(b.isCertain) - Number(a.isCertain))
}

// Many let people change their own keys and passwords: that gives nobody more than they have.
const isOnlyItself = ({ resources }: Right): boolean =>
  resources.every((resource) => /\$\{aws:(?:username|userid)\}/i.test(resource))

// Who may write its own policy needs no other right; within a boundary it would only get as far as that.
const rightOverItself = (name: string, held: Held, arn: string): Right | undefined => {
  const action = OVER_ITSELF[name]
  if (action === undefined || held.boundary !== undefined) return undefined
  const isOwn = (resource: string): boolean => isOfItself(resource, arn)
  return rightsTo(held, action).find(
    ({ resources, except, isConditional }) => !isConditional && resources.some(isOwn) && !except.some(isOwn),
  )
}

const isOfItself = (resource: string, arn: string): boolean =>
  arn !== '' && covers(resource.replace(/\$\{aws:username\}/gi, arn.slice(arn.lastIndexOf('/') + 1)), arn)

const OVER_ITSELF: Readonly<Record<string, string>> = {
  'attach-user-policy': 'iam:AttachUserPolicy',
  'attach-role-policy': 'iam:AttachRolePolicy',
  'put-user-policy': 'iam:PutUserPolicy',
  'put-role-policy': 'iam:PutRolePolicy',
}

const way = (name: string, actions: string, what: string): Escalation => ({
  way: name,
  actions: actions.split(' '),
  what,
})
const passing = (name: string, actions: string, where: string): Escalation =>
  way(name, `iam:PassRole ${actions}`, `runs code of its own in ${where} under any role that it may pass`)

// Where a role trusts another name than the one in the actions.
const TRUSTED_AS: Readonly<Record<string, readonly string[]>> = {
  autoscaling: ['ec2'],
  batch: ['ecs-tasks'],
  ecs: ['ecs-tasks'],
  elasticmapreduce: ['elasticmapreduce', 'ec2'],
  datapipeline: ['datapipeline', 'ec2'],
  apprunner: ['tasks.apprunner', 'build.apprunner'],
}

/** The families, after what was published about them and the service authorization reference. */
const ESCALATIONS: readonly Escalation[] = [
  way('policy-version', 'iam:CreatePolicyVersion', 'writes a new version of a policy that it has'),
  way('policy-default-version', 'iam:SetDefaultPolicyVersion', 'goes back to an older, wider version of a policy'),
  way('attach-user-policy', 'iam:AttachUserPolicy', 'attaches any policy to a user, itself among them'),
  way('attach-group-policy', 'iam:AttachGroupPolicy', 'attaches any policy to a group'),
  way('attach-role-policy', 'iam:AttachRolePolicy', 'attaches any policy to a role'),
  way('put-user-policy', 'iam:PutUserPolicy', 'writes any policy into a user'),
  way('put-group-policy', 'iam:PutGroupPolicy', 'writes any policy into a group'),
  way('put-role-policy', 'iam:PutRolePolicy', 'writes any policy into a role'),
  way('add-to-group', 'iam:AddUserToGroup', 'makes a user a member of a stronger group'),
  way('create-access-key', 'iam:CreateAccessKey', 'makes an access key for somebody else'),
  way('create-login', 'iam:CreateLoginProfile', 'sets the first password of somebody else'),
  way('change-login', 'iam:UpdateLoginProfile', 'changes the password of somebody else'),
  way('change-trust', 'iam:UpdateAssumeRolePolicy', 'lets itself become any role'),
  way('drop-user-boundary', 'iam:DeleteUserPermissionsBoundary', 'takes away the boundary of a user'),
  way('drop-role-boundary', 'iam:DeleteRolePermissionsBoundary', 'takes away the boundary of a role'),
  way('change-user-boundary', 'iam:PutUserPermissionsBoundary', 'replaces the boundary of a user'),
  way('change-role-boundary', 'iam:PutRolePermissionsBoundary', 'replaces the boundary of a role'),
  way('change-sso', 'sso:PutInlinePolicyToPermissionSet', 'writes any policy into a permission set'),
  passing('pass-to-ec2', 'ec2:RunInstances', 'EC2'),
  passing('pass-to-instance', 'ec2:AssociateIamInstanceProfile', 'an instance that runs already'),
  passing('pass-to-launch-template', 'ec2:CreateLaunchTemplate autoscaling:CreateAutoScalingGroup', 'EC2'),
  passing(
    'pass-to-launch-configuration',
    'autoscaling:CreateLaunchConfiguration autoscaling:CreateAutoScalingGroup',
    'EC2',
  ),
  passing('pass-to-spot', 'ec2:RequestSpotInstances', 'EC2'),
  passing('pass-to-lambda', 'lambda:CreateFunction lambda:InvokeFunction', 'Lambda'),
  passing('pass-to-lambda-by-permission', 'lambda:CreateFunction lambda:AddPermission', 'Lambda'),
  passing('pass-to-lambda-by-event', 'lambda:CreateFunction lambda:CreateEventSourceMapping', 'Lambda'),
  passing('pass-to-cloudformation', 'cloudformation:CreateStack', 'CloudFormation'),
  passing('pass-to-stack-set', 'cloudformation:CreateStackSet cloudformation:CreateStackInstances', 'CloudFormation'),
  passing('pass-to-glue-endpoint', 'glue:CreateDevEndpoint', 'Glue'),
  passing('pass-to-glue-job', 'glue:CreateJob glue:StartJobRun', 'Glue'),
  passing('pass-to-glue-trigger', 'glue:CreateJob glue:CreateTrigger', 'Glue'),
  passing('pass-to-data-pipeline', 'datapipeline:CreatePipeline datapipeline:PutPipelineDefinition', 'Data Pipeline'),
  passing(
    'pass-to-notebook',
    'sagemaker:CreateNotebookInstance sagemaker:CreatePresignedNotebookInstanceUrl',
    'SageMaker',
  ),
  passing('pass-to-training', 'sagemaker:CreateTrainingJob', 'SageMaker'),
  passing('pass-to-processing', 'sagemaker:CreateProcessingJob', 'SageMaker'),
  passing('pass-to-codebuild', 'codebuild:CreateProject codebuild:StartBuild', 'CodeBuild'),
  passing('pass-to-codestar', 'codestar:CreateProject', 'CodeStar'),
  passing('pass-to-codepipeline', 'codepipeline:CreatePipeline', 'CodePipeline'),
  passing('pass-to-ecs-task', 'ecs:RegisterTaskDefinition ecs:RunTask', 'ECS'),
  passing('pass-to-ecs-service', 'ecs:RegisterTaskDefinition ecs:CreateService', 'ECS'),
  passing('pass-to-batch', 'batch:RegisterJobDefinition batch:SubmitJob', 'Batch'),
  passing('pass-to-emr', 'elasticmapreduce:RunJobFlow', 'EMR'),
  passing('pass-to-emr-serverless', 'emr-serverless:StartJobRun', 'EMR Serverless'),
  passing('pass-to-state-machine', 'states:CreateStateMachine states:StartExecution', 'Step Functions'),
  passing('pass-to-automation', 'ssm:StartAutomationExecution', 'Systems Manager'),
  passing('pass-to-app-runner', 'apprunner:CreateService', 'App Runner'),
  passing('pass-to-amplify', 'amplify:CreateApp', 'Amplify'),
  passing(
    'pass-to-code-interpreter',
    'bedrock-agentcore:CreateCodeInterpreter bedrock-agentcore:InvokeCodeInterpreter',
    'Bedrock AgentCore',
  ),
  passing('pass-to-scheduler', 'scheduler:CreateSchedule', 'EventBridge Scheduler'),
  way('change-lambda-code', 'lambda:UpdateFunctionCode', 'puts its own code into a function and has the role of that'),
  way(
    'change-lambda-layer',
    'lambda:UpdateFunctionConfiguration',
    'puts a layer of its own before the code of a function',
  ),
  way('change-glue-endpoint', 'glue:UpdateDevEndpoint', 'puts its own SSH key on a Glue endpoint and has its role'),
  way('change-glue-job', 'glue:UpdateJob glue:StartJobRun', 'puts its own script into a Glue job and has its role'),
  way(
    'change-build',
    'codebuild:UpdateProject codebuild:StartBuild',
    'puts its own commands into a build and has its role',
  ),
  way(
    'override-build',
    'codebuild:StartBuild',
    'starts a build with commands of its own, which has the role of the project',
  ),
  way('change-stack', 'cloudformation:UpdateStack', 'changes a stack, which acts with the role that the stack has'),
  way(
    'change-stack-by-set',
    'cloudformation:CreateChangeSet cloudformation:ExecuteChangeSet',
    'changes a stack, which acts with its role',
  ),
  way(
    'change-state-machine',
    'states:UpdateStateMachine states:StartExecution',
    'changes a state machine, which acts with its role',
  ),
  way(
    'change-user-data',
    'ec2:ModifyInstanceAttribute ec2:StopInstances ec2:StartInstances',
    'has an instance run its own commands at its next start',
  ),
  way('command-instance', 'ssm:SendCommand', 'runs commands on instances and has their roles'),
  way('session-on-instance', 'ssm:StartSession', 'opens a shell on instances and has their roles'),
  way(
    'ssh-to-instance',
    'ec2-instance-connect:SendSSHPublicKey',
    'puts its own SSH key on an instance and has its role',
  ),
  way('shell-in-task', 'ecs:ExecuteCommand', 'opens a shell in a task and has its role'),
  way('open-notebook', 'sagemaker:CreatePresignedNotebookInstanceUrl', "opens somebody's notebook and has its role"),
  way(
    'notebook-startup',
    'sagemaker:CreateNotebookInstanceLifecycleConfig sagemaker:UpdateNotebookInstance sagemaker:StartNotebookInstance',
    'has a notebook run its own commands at its start',
  ),
]

/** The ways of code under a passed role: what they take, and the services that the role must trust. */
export const passingWays = ESCALATIONS.filter(({ actions }) => actions[0] === 'iam:PassRole').map(({ actions }) => {
  const service = actions[1]?.split(':')[0] ?? ''
  return { actions, services: (TRUSTED_AS[service] ?? [service]).map((name) => `${name}.amazonaws.com`) }
})
