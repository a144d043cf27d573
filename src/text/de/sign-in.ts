import type * as english from '../en/sign-in.ts'

/** The pages that start and end a session. */
export const signIn: typeof english.signIn = {
  heading: 'Anmelden',
  remember: 'Auf diesem Gerät angemeldet bleiben',
  submit: 'Anmelden',
  forgot: 'Passwort vergessen?',
  noAccount: 'Noch kein Konto?',
  signUp: 'Konto erstellen',
  cookiesRefused:
    'Ihr Browser hat das Cookie nicht behalten, das Sie anmeldet. Erlauben Sie Cookies für diese Website und melden Sie sich dann noch einmal an.',
  passwordChanged: 'Ihr Passwort wurde geändert. Melden Sie sich mit dem neuen Passwort an.',
  problems: {
    email: {
      missing_field: 'Geben Sie Ihre E-Mail-Adresse ein.',
      invalid_field: 'Geben Sie eine gültige E-Mail-Adresse ein, zum Beispiel name@example.com.',
    },
    password: {
      missing_field: 'Geben Sie Ihr Passwort ein.',
      invalid_field: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
      password_too_long: 'Die E-Mail-Adresse oder das Passwort ist falsch.',
    },
    form: {
      invalid_credentials:
        'Die E-Mail-Adresse oder das Passwort ist falsch, oder das Konto ist nicht aktiv. Prüfen Sie beides, oder setzen Sie das Passwort zurück.',
      password_compromised:
        'Dieses Passwort ist möglicherweise anderen bekannt und gilt deshalb nicht mehr. Setzen Sie es per E-Mail zurück.',
      refused_by_application:
        'Diese Anmeldung wurde abgelehnt. Wenden Sie sich an die Betreiber dieses Dienstes.',
    },
  },
  invalidOrUnconfirmed:
    'Die E-Mail-Adresse oder das Passwort ist falsch, oder das Konto ist nicht aktiv. Wenn Sie Ihre Adresse noch nicht bestätigt haben, suchen Sie nach unserer E-Mail, oder fordern Sie eine neue an.',
  confirm: 'E-Mail-Adresse bestätigen',
}

/** The page on which users prove again who they are. */
export const stepUp: typeof english.stepUp = {
  heading: 'Bestätigen Sie, dass Sie es sind',
  why: 'Geben Sie Ihr Passwort ein, um fortzufahren. So ist Ihr Konto geschützt, wenn jemand anderes Ihr Gerät benutzt.',
  whyTotp:
    'Geben Sie den Code ein, den Ihre Authenticator-App gerade anzeigt. So ist Ihr Konto geschützt, wenn jemand anderes Ihr Gerät benutzt.',
  whyPasskey:
    'Verwenden Sie einen Passkey oder Sicherheitsschlüssel Ihres Kontos. So ist Ihr Konto geschützt, wenn jemand anderes Ihr Gerät benutzt.',
  whyProvider:
    'Melden Sie sich noch einmal beim Anbieter an. So ist Ihr Konto geschützt, wenn jemand anderes Ihr Gerät benutzt.',
  none: 'Melden Sie sich ab und dann wieder an. So ist Ihr Konto geschützt, wenn jemand anderes Ihr Gerät benutzt.',
  lost: 'Wenn Sie das gerade nicht können, melden Sie sich ab und auf einem anderen Weg wieder an.',
  signOut: 'Abmelden',
  submit: 'Weiter',
}

export const signOut: typeof english.signOut = {
  heading: 'Abmelden?',
  asked: 'Sie sind als {email} angemeldet.',
  submit: 'Abmelden',
  stay: 'Angemeldet bleiben',
  notSignedIn: 'Sie sind nicht angemeldet',
  signIn: 'Anmelden',
}
