import type { ScanReport } from '../report.ts'

/** The report as JSON, as `scan/schema/scan-report.schema.json` describes it. */
export const renderJson = (report: ScanReport): string => `${JSON.stringify(report, null, 2)}\n`
