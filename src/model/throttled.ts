/**
 * The attempts that are counted per account and per IP address. Everything that verifies a password counts as `login`, so
 * that no route is a way around the limits.
 */
export type Throttled = 'login' | 'reset_request' | 'confirmation_request' | 'registration' | 'email_change'
