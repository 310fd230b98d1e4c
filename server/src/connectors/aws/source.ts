import type * as Sdk from '@aws-sdk/client-iam'
import type { GetAccountAuthorizationDetailsResponse, IAMClient, Tag } from '@aws-sdk/client-iam'
import { z } from 'zod'
import { type Source, VendorError, type Writing } from '../vendor.ts'
import { guardedHandler } from './guarded-handler.ts'

/** Where IAM is asked. */
export interface AwsSettings {
  readonly region: string
  readonly endpoint?: string | undefined
}

const REPORT_TRIES = 15
const REPORT_SECONDS = 2
const PAGE = 1_000

/** An account of AWS: what IAM tells of its users, roles and policies, and the report on their credentials. */
export const awsSource = (settings: AwsSettings): Source => ({
  read: async (asking) => {
    const sdk = await import('@aws-sdk/client-iam')
    let client: IAMClient | undefined
    // Made when the first part is asked for, so that a secret that is none is a gap like any other.
    const iam = (): IAMClient => {
      client ??= iamOf(sdk, settings, asking)
      return client
    }
    const pages = await asking.part<GetAccountAuthorizationDetailsResponse>('authorization', async (take) => {
      for (let marker: string | undefined; ; ) {
        const page: GetAccountAuthorizationDetailsResponse = await iam().send(
          new sdk.GetAccountAuthorizationDetailsCommand({
            Filter: ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'],
            MaxItems: PAGE,
            ...(marker === undefined ? {} : { Marker: marker }),
          }),
        )

        take([page])
        if (page.IsTruncated !== true) return
        if (page.Marker === undefined || page.Marker === marker) throw new VendorError('its pages do not end')
        marker = page.Marker
      }
    })
    const joined = joinedPages(pages)
    const account = accountOf(joined)
    for (const { Arn = '', Path = '', Tags = [] } of [...joined.UserDetailList, ...joined.RoleDetailList])
      if (!Path.startsWith(OF_AWS)) asking.target(`aws:${Arn}`, ownTags(Tags))
    if (pages.length > 0) asking.keep(`${account}/authorization.json`, joined)
    const [report] = await asking.part<string>('credential-report', async (take) => {
      for (let tried = 1; ; tried++) {
        const { State } = await iam().send(new sdk.GenerateCredentialReportCommand({}))
        if (State === 'COMPLETE') break
        if (tried === REPORT_TRIES) throw new VendorError('its credential report is not ready')
        await asking.wait(REPORT_SECONDS)
      }
      const { Content } = await iam().send(new sdk.GetCredentialReportCommand({}))
      if (Content === undefined) throw new VendorError('its answer has another form than is documented')
      take([Buffer.from(Content).toString('base64')])
    })
    if (report !== undefined)
      asking.keep(`${account}/credential-report.json`, { ReportFormat: 'text/csv', Content: report })
  },
  write: async (asking, { key, set }) => {
    const sdk = await import('@aws-sdk/client-iam')
    const [, type, name] = KEY.exec(key) ?? []
    if (type === undefined || name === undefined) throw new VendorError('this is no user or role of AWS')
    const Tags = Object.entries(set).map(([tag, Value]) => ({ Key: `${TAG}${tag}`, Value }))
    const iam = iamOf(sdk, settings, asking)
    if (type === 'user') await iam.send(new sdk.TagUserCommand({ UserName: name, Tags }))
    else await iam.send(new sdk.TagRoleCommand({ RoleName: name, Tags }))
  },
})

const TAG = 'reeve.'
// Roles that AWS made for its own services are not ours to tag.
const OF_AWS = '/aws-service-role/'
const KEY = /^aws:arn:[\w-]{1,20}:iam::\d{12}:(user|role)\/(?:[\x21-\x7e]{1,512}\/)?([\w+=,.@-]{1,64})$/

const ownTags = (tags: readonly Tag[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    tags.flatMap(({ Key = '', Value = '' }) => (Key.startsWith(TAG) ? [[Key.slice(TAG.length), Value]] : [])),
  )

const iamOf = (sdk: typeof Sdk, { region, endpoint }: AwsSettings, asking: Writing): IAMClient =>
  new sdk.IAMClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...credentialsOf(asking.secret),
    // Who waits, and how often is asked again, is decided in one place.
    maxAttempts: 1,
    requestHandler: guardedHandler(asking),
  })

const Keys = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().optional(),
})

/** Those of the secret; without one, what AWS gives the machine, pod or role that this server runs as. */
const credentialsOf = (secret: string): { credentials?: { accessKeyId: string; secretAccessKey: string } } => {
  if (secret === '') return {}
  const parsed = Keys.safeParse(parse(secret))
  if (!parsed.success)
    throw new VendorError(
      'the secret is no JSON with accessKeyId and secretAccessKey, and sessionToken where there is one',
    )
  const { sessionToken, ...keys } = parsed.data
  return { credentials: { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) } }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const joinedPages = (pages: readonly GetAccountAuthorizationDetailsResponse[]) => ({
  UserDetailList: pages.flatMap(({ UserDetailList = [] }) => UserDetailList),
  RoleDetailList: pages.flatMap(({ RoleDetailList = [] }) => RoleDetailList),
  GroupDetailList: pages.flatMap(({ GroupDetailList = [] }) => GroupDetailList),
  // Of the many that AWS keeps itself those that somebody has, and of each the version that holds.
  Policies: pages
    .flatMap(({ Policies = [] }) => Policies)
    .filter(
      ({ AttachmentCount, PermissionsBoundaryUsageCount }) =>
        AttachmentCount !== 0 || PermissionsBoundaryUsageCount !== 0,
    )
    .map(({ PolicyVersionList = [], ...policy }) => ({
      ...policy,
      PolicyVersionList: PolicyVersionList.filter(({ IsDefaultVersion }) => IsDefaultVersion === true),
    })),
})

const accountOf = ({ UserDetailList, RoleDetailList }: ReturnType<typeof joinedPages>): string => {
  const [first] = [...UserDetailList, ...RoleDetailList]
  return /^arn:[\w-]{1,20}:iam::(\d{12}):/.exec(first?.Arn ?? '')?.[1] ?? 'account'
}
