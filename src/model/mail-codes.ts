/** What a code in mail is for. */
export type MailCodePurpose = 'confirm_email' | 'reset_password' | 'change_email'

/** NIST SP 800-63B-4 §3.1.3.2: ten minutes at most. The time starts when the mail is sent. */
export const MAIL_CODE_LIFETIME_SECONDS = 600

/** At least 20 random bits. Eight digits have 26.5; six would have 19.9. */
export const MAIL_CODE_DIGITS = 8

/** How long the token lasts that binds a code to its browser, and that remembers which browser registered an account. */
export const BROWSER_LIFETIME_SECONDS = 86_400
