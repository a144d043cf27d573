/**
 * What is limited per account and per IP address. Every password check counts as `login`, so that no route bypasses the
 * limits.
 */
export type Throttled = 'login' | 'reset_request' | 'confirmation_request' | 'registration' | 'email_change'
