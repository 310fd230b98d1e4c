import { faultTable } from '../kit/fault.ts'

/** What a caller of observe can cause. */
export const { table: observeFaults, fault } = faultTable({
  source_reserved: {
    kind: 'invalid',
    message: 'this name of a source belongs to the server itself',
    fix: 'name the source for where the scan ran, such as the repository',
  },
  scan_in_the_future: {
    kind: 'invalid',
    message: 'the scan says that it happened in the future',
    fix: 'set the clock of the machine that scans, and scan again',
  },
  finding_closed: {
    kind: 'conflict',
    message: 'this finding is closed',
    fix: 'there is nothing to accept; it opens again by itself when it is seen again',
  },
  sharing_not_low_risk: {
    kind: 'conflict',
    message: 'only low-risk reading may stay shared, and this is more, or nobody has registered it',
    fix: 'give each that shares it an identity of its own; or narrow the identity to reading at the tier low, and accept it then',
  },
  acceptance_out_of_range: {
    kind: 'invalid',
    message: 'the expiry of an acceptance must be in the future and at most 180 days away',
    fix: 'give an earlier moment, and look at the finding again then',
  },
  report_not_found: {
    kind: 'not_found',
    message: 'there is no such report',
    fix: 'see `reeve report list`, or make one with `reeve report make`; they are kept for 400 days',
  },
  event_not_found: {
    kind: 'not_found',
    message: 'there is no such event in the log',
    fix: 'give the id or the number of one; `reeve audit search` finds them',
  },
  event_unnamed: {
    kind: 'invalid',
    message: 'name the event by its id or by its number, one of them',
    fix: 'give `event` or `seq`',
  },
  log_unsigned: {
    kind: 'unavailable',
    message: 'the log has no signed checkpoint yet',
    fix: 'try again in a moment',
  },
  size_outside_log: {
    kind: 'invalid',
    message: 'the log never had this size',
    fix: 'give a size that a checkpoint of this log names',
  },
  nothing_to_explain: {
    kind: 'not_found',
    message: 'there is nothing known under this id, or you may not know of it',
    fix: 'give the id of a decision, refusal, token, credential, grant, identity, finding, event, request or approval',
  },
})
