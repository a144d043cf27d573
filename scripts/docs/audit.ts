/** Generates the table of records in docs/security/audit.md. */
import { AUDIT_ACTIONS, type AuditKind } from '../../src/model/audit-actions.ts'
import { code, codes, partsOf, table } from './page.ts'

const actions: [string, readonly AuditKind[]][] = Object.entries(AUDIT_ACTIONS)

export const audit = partsOf('docs/security/audit.md', {
  records: table(
    ['Action', 'Outcome', 'Actor', 'Reason', 'Details', 'Recorded when'],
    actions.flatMap(([action, entries]) =>
      entries.map(({ outcome = 'success', actor, reason, details = [], when }) => [
        code(action),
        code(outcome),
        code(actor),
        reason === undefined ? '' : code(reason),
        codes(details),
        when,
      ]),
    ),
  ),
})
