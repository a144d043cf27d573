/** The pages that set a new password with a mailed code, and the sentences about codes on the pages that mailed links open. */
import type * as english from '../en/recovery.ts'

const WRONG_CODE = 'Dieser Code ist falsch oder abgelaufen. Prüfen Sie ihn, oder fordern Sie einen neuen an.'

export const recovery: typeof english.recovery = {
  heading: 'Passwort zurücksetzen',
  ask: 'Geben Sie die E-Mail-Adresse Ihres Kontos ein. Wir senden Ihnen einen Code und einen Link.',
  askForLink: 'Geben Sie die E-Mail-Adresse Ihres Kontos ein. Wir senden Ihnen einen Link.',
  submit: 'E-Mail senden',
  signIn: 'Zurück zur Anmeldung',
  problems: {
    email: {
      missing_field: 'Geben Sie Ihre E-Mail-Adresse ein.',
      invalid_field: 'Geben Sie eine gültige E-Mail-Adresse ein, zum Beispiel name@example.com.',
    },
  },
}

export const recoveryCode: typeof english.recoveryCode = {
  heading: 'Wählen Sie ein neues Passwort',
  // The time is in the accusative: "innerhalb von {time}" would need the dative, "2 Tagen".
  enter:
    'Wenn es ein Konto mit dieser Adresse gibt, ist eine E-Mail unterwegs. Geben Sie den Code daraus ein und wählen Sie ein neues Passwort. Der Code ist {time} gültig.',
  anyDevice: 'Sie können auch den Link in der E-Mail öffnen, auf einem beliebigen Gerät.',
  linkHeading: 'Prüfen Sie Ihr Postfach',
  linkOnly:
    'Wenn es ein Konto mit dieser Adresse gibt, ist eine E-Mail unterwegs. Öffnen Sie den Link darin auf einem beliebigen Gerät, um ein neues Passwort zu wählen.',
  otherBrowser:
    'Ein Code funktioniert nur in dem Browser, in dem Sie ihn angefordert haben. Fordern Sie hier einen neuen an, oder öffnen Sie den Link in der E-Mail auf einem beliebigen Gerät.',
  cookiesRefused:
    'Wenn Sie hier gerade einen angefordert haben, erlauben Sie Cookies für diese Website und fordern Sie noch einen an.',
  submit: 'Passwort speichern',
  noEmail: 'Keine E-Mail erhalten? Sehen Sie zuerst im Spam-Ordner nach.',
  again: 'Neue E-Mail anfordern',
  problems: {
    code: {
      missing_field: 'Geben Sie den Code aus der E-Mail ein.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
  },
}

export const behindLink: typeof english.behindLink = {
  signIn: 'Anmelden',
  useCode:
    'Sie können auch den Code aus der E-Mail eingeben, in dem Browser, in dem Sie ihn angefordert haben:',
  confirmAccount: 'Neues Konto bestätigen',
  confirmAddress: 'Neue E-Mail-Adresse bestätigen',
  resetPassword: 'Neues Passwort wählen',
}
