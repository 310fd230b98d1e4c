import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { scannedFile } from '../../file.ts'
import { mergeSightings } from '../../merge-sightings.ts'
import { judge } from '../../posture/judge.ts'
import type { Sighting } from '../../report.ts'
import { YAML_BYTES_MAX } from '../../yaml-file.ts'
import { kubernetesSource } from './source.ts'

const NOW = new Date('2026-09-01T00:00:00Z')

const read = (text: string, path = 'all.yaml') => {
  const file = scannedFile({ path, repository: 'shop', repositoryPath: path }, Buffer.from(text))
  assert.ok(kubernetesSource.wants(file))
  return kubernetesSource.read(file, {
    seal: (secret, as) => ({ ...as, fingerprint: String(secret.length).padStart(32, '0'), tail: '' }),
    now: NOW,
  })
}

const seen = (files: Readonly<Record<string, string>>): readonly Sighting[] => {
  const answers = Object.entries(files).map(([path, text]) => read(text, path))
  const merged = mergeSightings(
    answers.flatMap(({ sightings }) => sightings.map((draft) => ({ source: 'kubernetes', draft }))),
    new Map(),
  )
  const facts = answers.flatMap((answer) => answer.facts ?? [])
  return kubernetesSource.relate?.(merged, facts).sightings ?? []
}

const findingsIn = (files: Readonly<Record<string, string>>) =>
  judge({ sightings: seen(files), now: NOW }, new Set(['posture/unowned', 'kubernetes/idle-token']))

const rulesIn = (text: string): string[] =>
  findingsIn({ 'all.yaml': text })
    .map(({ rule, severity, where }) => `${rule} ${severity} ${where.line}`)
    .sort()

const role = (rules: string, { kind = 'ClusterRole', name = 'r', namespace = '' } = {}) =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: '${namespace}'}\nrules:\n${rules}\n---\n`

const binding = (
  subject: string,
  { kind = 'ClusterRoleBinding', to = 'r', roleKind = 'ClusterRole', namespace = '', name = 'b' } = {},
) =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: '${namespace}'}\nroleRef: {kind: ${roleKind}, name: ${to}}\nsubjects: [${subject}]\n---\n`

const account = (name: string, namespace = 'app') =>
  `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ${name}, namespace: ${namespace}}\n---\n`

const WEB = '{kind: ServiceAccount, name: web, namespace: app}'

const classOf = (text: string): string[] =>
  seen({ 'all.yaml': text }).flatMap(({ traits }) =>
    traits.flatMap(({ trait, detail }) => (trait === 'k8s:bound' ? (detail.split(': ').at(-1) ?? '') : [])),
  )

test('an account is one identity in whatever file, as object, as subject and as what a workload runs as', () => {
  const pod =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: app}\nspec: {serviceAccountName: web, containers: []}\n'
  const sightings = seen({
    'a.yaml': account('web'),
    'b.yml': binding(WEB, { to: 'view' }),
    'c.yaml': pod,
    'd.yaml': binding('{kind: User, name: "system:serviceaccount:app:web"}', { to: 'view' }),
  })
  assert.deepEqual(
    sightings.map(({ kind, name, stableKey, alsoAt }) => [kind, name, stableKey, alsoAt.length]),
    [['service', 'app/web in shop', 'kubernetes:shop:serviceaccount/app/web', 3]],
  )
})

test('what lies in the folder of a cluster belongs to that cluster alone', () => {
  const keys = seen({ 'clusters/east/a.yaml': account('web'), 'clusters/west/a.yaml': account('web') })
  assert.deepEqual(
    keys.map(({ stableKey }) => stableKey),
    ['kubernetes:shop/east:serviceaccount/app/web', 'kubernetes:shop/west:serviceaccount/app/web'],
  )
})

test('users and groups that a binding names are identities as well; a wrong subject is none', () => {
  const text = binding('{kind: User, name: ann}, {kind: Group, name: ops}, {kind: Robot, name: x}, {kind: User}, 3', {
    to: 'view',
  })
  assert.deepEqual(
    seen({ 'a.yaml': text }).map(({ stableKey, kind }) => [stableKey, kind]),
    [
      ['kubernetes:shop:user/ann', 'account'],
      ['kubernetes:shop:group/ops', 'account'],
    ],
  )
})

test('a manifest, a list and a dump in JSON say the same', () => {
  const text = account('web') + role('- {apiGroups: [""], resources: [secrets], verbs: [list]}') + binding(WEB)
  const objects = parseAllDocuments(text).flatMap((document): unknown => document.toJS() ?? [])
  const json = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const factsOf = (sightings: readonly Sighting[]) =>
    sightings.map(({ stableKey, reaches, traits }) => [
      stableKey,
      reaches,
      traits.map(({ trait, detail }) => [trait, detail]),
    ])
  const want = factsOf(seen({ 'a.yaml': text }))
  assert.equal(JSON.stringify(want).includes('secrets-everywhere'), true)
  assert.deepEqual(factsOf(seen({ 'a.json': json })), want)
  assert.deepEqual(factsOf(seen({ 'a.yaml': `apiVersion: v1\nkind: List\nitems: ${JSON.stringify(objects)}` })), want)
  const pieces = objects.map((object) => `- ${JSON.stringify(object)}\n`)
  const filler = `- apiVersion: v1\n  kind: ConfigMap\n  data: {x: ${'y'.repeat(YAML_BYTES_MAX)}}\n`
  assert.deepEqual(factsOf(seen({ 'a.yaml': `apiVersion: v1\nitems:\n${filler}${pieces.join('')}kind: List\n` })), want)
})

test('each way of acting as others is seen, with its group, its subresource and what it takes besides', () => {
  const ways = {
    becomes: [
      '- {apiGroups: [""], resources: [pods], verbs: [create]}',
      '- {apiGroups: [apps], resources: [deployments], verbs: [patch]}',
      '- {apiGroups: ["*"], resources: ["*"], verbs: [update]}',
      '- {apiGroups: [batch], resources: [cronjobs], verbs: ["*"]}',
      '- {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}',
      '- {apiGroups: [""], resources: [serviceaccounts], verbs: [impersonate], resourceNames: [x]}',
      '- {apiGroups: [""], resources: [groups], verbs: [impersonate]}',
      '- {apiGroups: [""], resources: [pods/exec], verbs: [create]}',
      '- {apiGroups: [""], resources: ["*/exec"], verbs: [create]}',
      '- {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}',
      '- {apiGroups: [""], resources: [secrets], verbs: [create, get]}',
      '- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate, update]}',
      '- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}\n- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}',
      '- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}\n- {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve]}',
      '- {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [patch]}',
    ],
    writes: [
      '- {apiGroups: [apps], resources: [deployments], verbs: [delete]}',
      '- {apiGroups: [extensions], resources: [deployments/status], verbs: [patch]}',
      '- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}',
      '- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, roles], verbs: [escalate]}',
      '- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, roles], verbs: [escalate, delete]}',
      '- {apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}',
      '- {apiGroups: [""], resources: [secrets], verbs: [create]}',
    ],
    secrets: [
      '- {apiGroups: [""], resources: [secrets], verbs: [watch]}',
      '- {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [create]}',
      '- {apiGroups: [""], resources: [secrets], verbs: [get], resourceNames: [one]}\n- {apiGroups: [""], resources: [secrets], verbs: [create]}',
    ],
    reads: [
      '- {apiGroups: [""], resources: [pods, nodes/metrics], verbs: [get, list]}',
      '- {apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}',
      '- {nonResourceURLs: [/metrics], verbs: [get]}',
      '[]',
    ],
    everything: ['- {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}'],
  }
  for (const [word, roles] of Object.entries(ways)) {
    for (const rules of roles) assert.deepEqual(classOf(role(rules) + binding(WEB)), [word], rules)
  }
})

test('what lies in no namespace is not given by a binding in one', () => {
  const inOne = binding(WEB, { kind: 'RoleBinding', namespace: 'app' })
  assert.deepEqual(classOf(role('- {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}') + inOne), ['reads'])
  assert.deepEqual(classOf(role('- {apiGroups: [""], resources: [users], verbs: [impersonate]}') + inOne), ['writes'])
})

test('the items of a list of one kind need not say their kind', () => {
  const items = 'items:\n  - metadata: {name: web, namespace: app}\n  - metadata: {name: api, namespace: app}\n'
  const sightings = seen({ 'a.yaml': `apiVersion: v1\nkind: ServiceAccountList\n${items}` })
  assert.deepEqual(
    sightings.map(({ name }) => name),
    ['app/web in shop', 'app/api in shop'],
  )
})

test('the roles that every cluster has are known, and one that is nowhere is named', () => {
  for (const [to, word] of [
    ['cluster-admin', 'everything'],
    ['admin', 'becomes'],
    ['edit', 'becomes'],
    ['view', 'reads'],
    ['system:auth-delegator', 'reads'],
  ] as const) {
    assert.deepEqual(classOf(binding(WEB, { to })), [word], to)
  }
  assert.deepEqual(rulesIn(binding(WEB, { to: 'lost' })), ['kubernetes/role-missing low 3'])
})

test('a role that is put together by labels has the rules of its parts, the built-in ones too', () => {
  const part = role('- {apiGroups: [""], resources: [secrets], verbs: [get]}', { name: 'part' }).replace(
    "namespace: ''",
    'labels: {rbac.authorization.k8s.io/aggregate-to-view: "true", x.io/aggregate-to-mine: "yes"}',
  )
  const whole =
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: mine}\naggregationRule:\n  clusterRoleSelectors:\n    - matchLabels: {x.io/aggregate-to-mine: "yes"}\n---\n'
  assert.deepEqual(classOf(part + binding(WEB, { to: 'view' })), ['secrets'])
  assert.deepEqual(classOf(whole + part + binding(WEB, { to: 'mine' })), ['secrets'])
})

test('a way of several steps to the whole cluster is told step by step, with file and line', () => {
  const files = {
    'a.yaml':
      account('web') +
      role('- {apiGroups: [""], resources: [pods], verbs: [create]}', {
        kind: 'Role',
        name: 'runner',
        namespace: 'ci',
      }) +
      binding(WEB, { kind: 'RoleBinding', roleKind: 'Role', to: 'runner', namespace: 'ci' }),
    'b.yaml':
      account('builder', 'ci') +
      role('- {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create], resourceNames: [root]}', {
        kind: 'Role',
        name: 'asks',
        namespace: 'ops',
      }) +
      binding('{kind: ServiceAccount, name: builder, namespace: ci}', {
        kind: 'RoleBinding',
        roleKind: 'Role',
        to: 'asks',
        namespace: 'ops',
      }),
    'c.yaml':
      account('root', 'ops') + binding('{kind: ServiceAccount, name: root, namespace: ops}', { to: 'cluster-admin' }),
  }
  const found = findingsIn(files).filter(({ rule }) => rule === 'kubernetes/escalation')
  assert.deepEqual(
    found.map(({ sighting, evidence }) => [sighting, evidence]),
    [
      [
        'kubernetes:shop:serviceaccount/app/web',
        [
          '1. app/web creates pods in ci (a.yaml:9), and so acts as ci/builder',
          '2. ci/builder requests tokens in ops (b.yaml:9), and so acts as ops/root',
          '3. ops/root may do everything in every namespace (c.yaml:7), and so as the whole cluster',
        ],
      ],
      [
        'kubernetes:shop:serviceaccount/ci/builder',
        [
          '1. ci/builder requests tokens in ops (b.yaml:9), and so acts as ops/root',
          '2. ops/root may do everything in every namespace (c.yaml:7), and so as the whole cluster',
        ],
      ],
    ],
  )
  const web = seen(files).find(({ stableKey }) => stableKey.endsWith('app/web'))
  assert.deepEqual(
    web?.reaches.filter(({ what }) => what.startsWith('service account')),
    [{ what: 'service account ci/builder', access: 'admin', because: 'creates pods in ci' }],
  )
})

test('rights in a namespace that stop there are no way to the cluster', () => {
  const text =
    account('web') +
    role('- {apiGroups: [apps], resources: [deployments], verbs: [create]}') +
    binding(WEB, { kind: 'RoleBinding', namespace: 'app' })
  assert.deepEqual(rulesIn(text), ['kubernetes/becomes medium 9'])
  assert.deepEqual(rulesIn(text.replaceAll("namespace: 'app'", 'namespace: kube-system')), [
    'kubernetes/escalation high 9',
  ])
})

test('bindings of everybody are found, but not the ones that every cluster has', () => {
  const of = (name: string, to: string) => rulesIn(binding(`{kind: Group, name: "${name}"}`, { to }))[0]
  assert.equal(of('system:unauthenticated', 'view'), 'kubernetes/everyone critical 3')
  assert.equal(of('system:authenticated', 'view'), 'kubernetes/everyone high 3')
  assert.equal(of('system:unauthenticated', 'system:public-info-viewer'), undefined)
  assert.equal(of('system:serviceaccounts:app', 'admin'), 'kubernetes/escalation high 3')
  const ofNamespace = binding('{kind: Group, name: "system:serviceaccounts:app"}', { to: 'edit' })
  assert.ok(rulesIn(ofNamespace).includes('kubernetes/everyone medium 3'))
  assert.deepEqual(rulesIn(binding('{kind: User, name: "system:anonymous"}', { to: 'view' })), [
    'kubernetes/everyone critical 3',
  ])
  assert.ok(
    rulesIn(binding('{kind: Group, name: "system:masters"}', { to: 'view' })).includes('kubernetes/everyone high 3'),
  )
})

test('every account of a cluster has what its groups have', () => {
  const text = account('web') + binding('{kind: Group, name: "system:serviceaccounts"}', { to: 'cluster-admin' })
  const found = findingsIn({ 'a.yaml': text }).find(
    ({ rule, sighting }) => rule === 'kubernetes/escalation' && sighting.endsWith('app/web'),
  )
  assert.match(found?.evidence[0] ?? '', /^1\. app\/web is in group system:serviceaccounts/)
})

test('static tokens, default accounts with rights and accounts of several applications are found', () => {
  const token =
    'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: t, namespace: app, annotations: {kubernetes.io/service-account.name: web}}\n'
  const [tokenFinding] = findingsIn({ 'a.yaml': token })
  assert.equal(tokenFinding?.rule, 'kubernetes/static-token')
  assert.equal(tokenFinding?.sighting, 'kubernetes:shop:serviceaccount/app/web')
  const fallback = binding('{kind: ServiceAccount, name: default, namespace: app}', { to: 'view' })
  assert.deepEqual(rulesIn(fallback), ['kubernetes/default-account medium 3'])
  const pod = (name: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: app}\nspec: {containers: []}\n---\n`
  assert.deepEqual(rulesIn(`${pod('one')}${pod('two')}${fallback}`).at(-1), 'kubernetes/shared-account low 3')
})

test('who reads the token secrets of a namespace can act as their accounts', () => {
  const text =
    'apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: t, namespace: ops, annotations: {kubernetes.io/service-account.name: root}}\n---\n' +
    account('root', 'ops') +
    binding('{kind: ServiceAccount, name: root, namespace: ops}', { to: 'cluster-admin', name: 'c' }) +
    account('web') +
    role('- {apiGroups: [""], resources: [secrets], verbs: [get]}') +
    binding(WEB, { kind: 'RoleBinding', namespace: 'ops' })
  const found = findingsIn({ 'a.yaml': text }).find(({ rule }) => rule === 'kubernetes/escalation')
  assert.match(found?.evidence[0] ?? '', /app\/web reads token secrets in ops .* acts as ops\/root$/)
})

test('what a workload is handed, and its hold on the node, are seen on the account that it runs as', () => {
  const text = `apiVersion: batch/v1
kind: CronJob
metadata: {name: sync, namespace: app}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          hostPID: true
          volumes:
            - {name: a, hostPath: {path: /}}
            - {name: b, hostPath: {path: /var/run/docker.sock}}
            - {name: c, hostPath: {path: /var/log}}
          containers:
            - name: x
              securityContext:
                privileged: true
                capabilities: {add: [NET_ADMIN, SYS_ADMIN]}
              volumeMounts: [{name: c, readOnly: true}]
              env:
                - name: DB_PASSWORD
                  value: q7Rt2xLp9Wz4Kd8Vn3
                - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: k}}}
              envFrom: [{secretRef: {name: all}}]
`
  assert.deepEqual(rulesIn(text), [
    'kubernetes/engine-socket critical 12',
    'kubernetes/host-namespace medium 9',
    'kubernetes/host-path high 11',
    'kubernetes/privileged high 17',
    'kubernetes/strong-capability medium 18',
    'kubernetes/whole-secret low 24',
    'settings/plain-secret high 22',
  ])
  const [sighting] = seen({ 'a.yaml': text })
  assert.equal(sighting?.stableKey, 'kubernetes:shop:serviceaccount/app/default')
  assert.deepEqual(
    sighting?.reaches.map(({ what, access }) => `${access} ${what}`),
    [
      'admin the node, as root',
      'write / on the node',
      'write /var/run/docker.sock on the node',
      'read /var/log on the node',
      'read secret s/k',
      'read secret all',
    ],
  )
})

test('a password among the arguments of a container is a secret, a variable there is none', () => {
  const pod = (lines: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: app}\nspec:\n  containers:\n    - name: c\n      image: x\n      ${lines}\n`
  for (const line of [
    'args: ["--password", "q7Rt2xLp9Wz4Kd8Vn3"]',
    'args: [--password=q7Rt2xLp9Wz4Kd8Vn3]',
    'command: [sh, -c, "redis-server --requirepass q7Rt2xLp9Wz4Kd8Vn3"]',
  ])
    assert.ok(rulesIn(pod(line)).includes('settings/plain-secret high 8'), line)
  assert.ok(
    rulesIn(pod('command: [sh, -c]\n      args: ["x --password=q7Rt2xLp9Wz4Kd8Vn3"]')).includes(
      'settings/plain-secret high 9',
    ),
  )
  for (const line of ['args: ["--password", "$(PASSWORD)"]', 'args: ["--port", "8080"]'])
    assert.ok(!rulesIn(pod(line)).some((rule) => rule.startsWith('settings/')), line)
})

test('what pods sign in to a registry with is a secret in a file', () => {
  const login = JSON.stringify({ auths: { 'r.example': { username: 'ci', password: 'short1' } } })
  const text = `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: app}\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: ${Buffer.from(login).toString('base64')}\n`
  assert.deepEqual(rulesIn(text), ['settings/plain-secret high 6'])
  assert.deepEqual(rulesIn(text.replace(/json: .*/, `json: ${Buffer.from('{"auths":{}}').toString('base64')}`)), [])
})

test('a secret in base64 is a secret in a file', () => {
  const data = Buffer.from('q7Rt2xLp9Wz4Kd8Vn3').toString('base64')
  const text = `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: app}\ndata:\n  password: ${data}\nstringData:\n  note: hello\n`
  assert.deepEqual(rulesIn(text), ['settings/plain-secret high 5'])
  const [credential] = seen({ 'a.yaml': text }).flatMap(({ traits }) => traits.map((trait) => trait.credential))
  assert.equal(credential?.fingerprint, '18'.padStart(32, '0'), 'sealed as it is used, not as it is written')
})
