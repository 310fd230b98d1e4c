import type { AwsKeys } from '@reeve/sdk'
import type { Surroundings } from './surroundings.ts'

/** The keys by which AWS knows the workload that this process is part of; the region is that of AWS where none is named. */
export const awsProof =
  ({ environment, clock }: Pick<Surroundings, 'environment' | 'clock'>, region: string) =>
  async (): Promise<AwsKeys> => {
    const { awsWorkload } = await import('@reeve/sdk/aws')
    return awsWorkload({ environment, clock, ...(region === '' ? {} : { region }) })()
  }
