/** Generates docs/reference/errors.md from the table of errors. */
import { ERRORS } from '../../src/model/errors.ts'
import { GENERATED, type Page } from './page.ts'

export const errors: Page = { path: 'docs/reference/errors.md', write: errorsPage }

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, message, cause }]) => `| \`${code}\` | ${status} | ${message} | ${cause} |`,
  )
  return `${GENERATED}

# Errors

Every refusal over HTTP has one shape:

\`\`\`json
{ "message": "…", "code": "missing_field", "field": "email", "request_id": "…" }
\`\`\`

- \`code\` is for programs and never changes.
- \`message\` is for people and may be reworded.
- \`field\` names the field, if one field is at fault.
- \`request_id\` finds the reason in the log.

\`password_too_short\` also has \`min_length\`, the minimum number of characters, and \`password_too_long\` has
\`max_bytes\`. Both numbers are also in \`message\`. \`reauthentication_required\` and \`second_factor_required\` have
\`accepts\`, the methods that the user can authenticate with. \`refused_by_application\` has \`application_code\`, and its
\`message\` is that of the application, if it gave one ([library.md](../guide/library.md#hooks)). One answer is older than this
shape and keeps its own: \`email_taken\` is \`{"message":"email already registered"}\` and nothing else.

Library callers get an \`AuthError\` with the same \`code\` (and \`field\`, \`retryAfterSeconds\`, \`minLength\`, \`maxBytes\`,
\`accepts\`, \`applicationCode\`).

| Code | Status | Message | Cause |
|---|---|---|---|
${rows.join('\n')}
`
}
