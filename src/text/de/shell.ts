import type { shell as english } from '../en/shell.ts'

/** Around the content of every hosted page. */
export const shell: typeof english = {
  skip: 'Zum Inhalt springen',
  errorTitle: 'Fehler: {title}',
  problem: 'Etwas stimmt noch nicht',
  signOut: 'Abmelden',
  signedInAs: 'Angemeldet als {email}',
  account: 'Konto',
  back: 'Zurück',
  languages: 'Sprachen',
  help: 'Hilfe',
  contact: 'Kontakt',
  terms: 'Nutzungsbedingungen',
  privacy: 'Datenschutz',
  imprint: 'Impressum',
  working: 'Einen Moment…',
  revealPassword: 'Passwort anzeigen',
  passwordLength: '{count} von mindestens {min_length} Zeichen',
  passwordLongEnough: 'Lang genug',
  email: 'E-Mail-Adresse',
  password: 'Passwort',
  newPassword: 'Neues Passwort',
  passwordHint: 'Mehrere Wörter ohne Zusammenhang sind leicht zu merken und schwer zu erraten.',
  code: 'Code aus der E-Mail',
  codeHint: 'Acht Ziffern, mit oder ohne Leerzeichen.',
}
