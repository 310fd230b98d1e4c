import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSource } from '../../test/read-source.ts'
import { scannedFile } from '../file.ts'
import type { Source } from '../source.ts'
import { circleciSource } from './circleci/source.ts'
import { gitlabCiSource } from './gitlab-ci/source.ts'
import { jenkinsSource } from './jenkins/source.ts'

/** What each job of a pipeline is handed, by its name. */
const handedBy = (source: Source, text: string, path: string, trait = 'ci:secret'): Record<string, string[]> =>
  Object.fromEntries(
    readSource(source, text, path)
      .sightings.filter(({ kind }) => kind === 'ci-job')
      .map(({ name, traits }) => [
        name.replace(/^estate\//, ''),
        traits.filter((one) => one.trait === trait).map(({ detail }) => detail),
      ]),
  )

test('GitLab: what `!reference` stands for counts where it stands, in scripts and in rules, and a circle of them ends', () => {
  const text = `
.sign-in:
  script: [docker login -p $DEPLOY_PASSWORD]
  rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]
ship:
  script:
    - !reference [.sign-in, script]
    - !reference [.none, script]
    - make
  rules:
    - !reference [.sign-in, rules]
turn:
  script: !reference [turn, script]
`
  assert.deepEqual(handedBy(gitlabCiSource, text, '.gitlab-ci.yml'), { ship: ['DEPLOY_PASSWORD'], turn: [] })
  assert.deepEqual(handedBy(gitlabCiSource, text, '.gitlab-ci.yml', 'ci:outside-trigger').ship, ['merge_request_event'])
})

test('GitLab: a file that a pipeline includes is read whatever it is called, and one of another program is not', () => {
  const job = 'build:\n  stage: build\n  script: [docker login -p $HUB_TOKEN]\n'
  assert.deepEqual(handedBy(gitlabCiSource, job, 'ci/build.yml'), { 'build/build': ['HUB_TOKEN'] })
  const other = 'jobs:\n  include:\n    - stage: test\n      script: make\n'
  assert.deepEqual(readSource(gitlabCiSource, other, '.travis.yml').sightings, [])
})

const CIRCLE = `
version: 2.1
executors:
  ours:
    docker: [{image: "acme/x:1", auth: {username: u, password: $HUB_PASSWORD}}]
jobs:
  app:
    executor: ours
    steps:
      - deploy: {command: ./ship "$SHIP_TOKEN"}
      - chat/notify: {access_token: $CHAT_TOKEN}
workflows:
  all:
    jobs:
      - hold: {type: approval}
      - lint/check
      - registry/push:
          context: [cloud, hub]
          role: arn:aws:iam::123456789012:role/push
      - app:
          pre-steps: [{run: echo $PRE_TOKEN}]
`

test('CircleCI: a job out of an orb is one, with its contexts and roles; a wait for a person is none', () => {
  const secrets = handedBy(circleciSource, CIRCLE, '.circleci/config.yml')
  assert.deepEqual(Object.keys(secrets).sort(), ['app', 'lint/check', 'registry/push'])
  assert.deepEqual(secrets['registry/push'], ['context cloud', 'context hub'])
  assert.deepEqual(handedBy(circleciSource, CIRCLE, '.circleci/config.yml', 'ci:assumes-role')['registry/push'], [
    'arn:aws:iam::123456789012:role/push',
  ])
  const orbsAlone = 'workflows: {a: {jobs: [{lint/check: {context: hub}}]}}\n'
  assert.deepEqual(handedBy(circleciSource, orbsAlone, '.circleci/config.yml'), { 'lint/check': ['context hub'] })
})

test('CircleCI: what images are fetched with, steps of a workflow, and what orbs are given are handed to the job', () => {
  assert.deepEqual(handedBy(circleciSource, CIRCLE, '.circleci/config.yml').app?.sort(), [
    'CHAT_TOKEN',
    'HUB_PASSWORD',
    'PRE_TOKEN',
    'SHIP_TOKEN',
  ])
})

test('Jenkins: credentials are seen by whatever name a plugin asks for them', () => {
  const text = `
pipeline {
  agent { docker { image 'x'; registryUrl 'https://r.example'; registryCredentialsId 'registry' } }
  stages { stage('a') { steps { script {
    docker.withRegistry('https://r.example', 'hub') { sh 'push' }
    docker.withRegistry(url, "second") { sh 'push' }
    withCredentials([azureServicePrincipal('azure'), [$class: 'AmazonWebServicesCredentialsBinding', accessKeyVariable: 'A', credentialsId: 'cloud']]) { sh 'x' }
    slackSend(channel: '#x', tokenCredentialId: 'chat')
    withVault(configuration: [vaultUrl: 'v', vaultCredentialId: 'vault']) { sh 'x' }
    httpRequest(url: 'https://x', authentication: 'web')
    echo 'no credential'
  } } } }
}
`
  for (const path of ['Jenkinsfile', 'ci/release.groovy'])
    assert.deepEqual(Object.values(handedBy(jenkinsSource, text, path))[0]?.sort(), [
      ...['azure', 'chat', 'cloud', 'hub', 'registry', 'second', 'vault', 'web'],
    ])
  assert.deepEqual(handedBy(jenkinsSource, text, 'Jenkinsfile', 'ci:static-cloud-key'), { Jenkinsfile: ['cloud'] })
  assert.equal(readSource(jenkinsSource, 'class A { }', 'src/A.groovy').isWanted, false)
})

test('CircleCI: jobs of an orb that stands in the file are read, with what a workflow hands them and the orbs it takes', () => {
  const text = `
version: 2.1
orbs:
  ours:
    orbs: {other: stranger/tool@1}
    jobs:
      ship: {docker: [{image: a}], steps: [{run: 'push -p $HUB_PASSWORD'}]}
      idle: {docker: [{image: a}], steps: [{run: make}]}
workflows:
  main: {jobs: [{ours/ship: {context: prod}}]}
`
  assert.deepEqual(handedBy(circleciSource, text, '.circleci/config.yml'), {
    'ours/ship': ['context prod', 'HUB_PASSWORD'],
    'ours/idle': [],
  })
  assert.deepEqual(
    handedBy(circleciSource, text, '.circleci/config.yml', 'ci:unpinned-action-with-secret')['ours/ship'],
    ['orb stranger/tool@1'],
  )
})

test('Jenkins: a step of a shared library that takes a credential is seen, and one that takes none is not', () => {
  const step =
    "def call(Map o) {\n  withCredentials([string(credentialsId: 'deploy-key', variable: 'K')]) { sh 'x' }\n}\n"
  assert.deepEqual(handedBy(jenkinsSource, step, 'vars/deploy.groovy'), { 'vars/deploy.groovy': ['deploy-key'] })
  assert.equal(
    jenkinsSource.wants(
      scannedFile(
        { path: 'v', repository: 'r', repositoryPath: 'vars/log.groovy' },
        Buffer.from("def call() { echo 'x' }"),
      ),
    ),
    false,
  )
  assert.equal(
    jenkinsSource.wants(
      scannedFile({ path: 'v', repository: 'r', repositoryPath: 'src/log.groovy' }, Buffer.from(step)),
    ),
    false,
  )
})
