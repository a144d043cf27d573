/** Each export reads all rows of the account, and adds an audit record. */
export const EXPORTS_PER_HOUR = 10

/** Each change of a profile adds an audit record. */
export const PROFILE_UPDATES_PER_HOUR = 100

/** The activity of an account has at most this many audit records, the newest. */
export const ACTIVITY_MAX = 50

/** An export has at most this many audit records, the newest. */
export const AUDIT_RECORDS_MAX = 10_000
