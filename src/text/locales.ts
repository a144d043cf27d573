/** The languages of mails and pages. The first is the default. */
export const LOCALES = ['en', 'fr', 'de', 'es'] as const
export type Locale = (typeof LOCALES)[number]
