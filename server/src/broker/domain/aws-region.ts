/** A part of AWS that knows nothing of the others. */
export type AwsPartition = 'aws' | 'aws-cn' | 'aws-us-gov'

/** The partition of a region by its name; undefined for whatever is not the name of a region. */
export const partitionOf = (region: string): AwsPartition | undefined => FORMS.find(([form]) => form.test(region))?.[1]

/**
 * The only hosts that callers are looked up at: the STS of each region. INVARIANT: made of a region that has the form of
 * one, so that no caller chooses who is asked about it.
 */
export const stsHostOf = (region: string): string | undefined => {
  const partition = partitionOf(region)
  return partition === undefined ? undefined : `sts.${region}.${SUFFIXES[partition]}`
}

/** What a trust in the callers of a partition names as its issuer. */
export const issuerOfPartition = (partition: AwsPartition): string => `arn:${partition}:sts`

/** The partition whose callers this issuer stands for. */
export const partitionOfIssuer = (issuer: string): AwsPartition | undefined =>
  PARTITIONS.find((partition) => issuerOfPartition(partition) === issuer)

const PARTITIONS: readonly AwsPartition[] = ['aws', 'aws-cn', 'aws-us-gov']

const SUFFIXES: Readonly<Record<AwsPartition, string>> = {
  aws: 'amazonaws.com',
  'aws-cn': 'amazonaws.com.cn',
  'aws-us-gov': 'amazonaws.com',
}

const FORMS: readonly (readonly [RegExp, AwsPartition])[] = [
  [/^cn-(?:north|northwest)-\d$/, 'aws-cn'],
  [/^us-gov-(?:east|west)-\d$/, 'aws-us-gov'],
  [
    /^(?:af|ap|ca|eu|il|me|mx|sa|us)-(?:central|east|north|northeast|northwest|south|southeast|southwest|west)-\d$/,
    'aws',
  ],
]
