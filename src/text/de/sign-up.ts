/** The pages that create an account and confirm its address. */
import type * as english from '../en/sign-up.ts'
import { signIn } from './sign-in.ts'

const WRONG_CODE = 'Dieser Code ist falsch oder abgelaufen. Prüfen Sie ihn, oder fordern Sie einen neuen an.'
const WRONG_PASSWORD =
  'Das ist nicht das Passwort des Kontos. Prüfen Sie es und geben Sie den Code noch einmal ein.'

export const signUp: typeof english.signUp = {
  heading: 'Konto erstellen',
  submit: 'Konto erstellen',
  haveAccount: 'Sie haben schon ein Konto?',
  signIn: 'Anmelden',
  agreement: 'Mit dem Erstellen eines Kontos stimmen Sie den {link} zu.',
  terms: 'Nutzungsbedingungen',
  privacy: 'Unsere {link} beschreibt, wie wir Ihre Daten verwenden.',
  privacyPolicy: 'Datenschutzerklärung',
  problems: {
    email: {
      missing_field: 'Geben Sie Ihre E-Mail-Adresse ein.',
      invalid_field: 'Geben Sie eine gültige E-Mail-Adresse ein, zum Beispiel name@example.com.',
      invalid_email: 'Geben Sie eine gültige E-Mail-Adresse ein, zum Beispiel name@example.com.',
      email_taken:
        'Es gibt bereits ein Konto mit dieser Adresse. Melden Sie sich an, oder verwenden Sie eine andere Adresse.',
    },
    form: {
      refused_by_application:
        'Diese Registrierung wurde abgelehnt. Wenn Sie das für einen Fehler halten, wenden Sie sich an die Betreiber dieses Dienstes.',
    },
  },
}

export const confirmCode: typeof english.confirmCode = {
  heading: 'Bestätigen Sie Ihre E-Mail-Adresse',
  // The time is in the accusative: "innerhalb von {time}" would need the dative, "2 Tagen".
  enter:
    'Suchen Sie in Ihrem Postfach nach unserer E-Mail. Geben Sie den Code daraus ein. Er ist {time} gültig.',
  anyDevice: 'Sie können auch den Link in der E-Mail öffnen, auf einem beliebigen Gerät.',
  linkOnly:
    'Suchen Sie in Ihrem Postfach nach unserer E-Mail. Öffnen Sie den Link darin auf einem beliebigen Gerät, um Ihre Adresse zu bestätigen. Melden Sie sich danach an.',
  otherBrowser:
    'Ein Code funktioniert nur in dem Browser, in dem Sie ihn angefordert haben. Fordern Sie hier einen neuen an, oder öffnen Sie den Link in der E-Mail auf einem beliebigen Gerät.',
  cookiesRefused:
    'Wenn Sie hier gerade einen angefordert haben, erlauben Sie Cookies für diese Website und fordern Sie noch einen an.',
  submit: 'Adresse bestätigen',
  sent: 'Wenn ein Konto mit dieser Adresse auf die Bestätigung wartet, ist eine neue E-Mail unterwegs.',
  passwordHint: 'Erforderlich, weil das Konto nicht in diesem Browser erstellt wurde.',
  noEmail: 'Keine E-Mail erhalten?',
  resendHint: 'Sehen Sie zuerst im Spam-Ordner nach. Ein neuer Code ersetzt den bisherigen.',
  resendLinkHint: 'Sehen Sie zuerst im Spam-Ordner nach.',
  send: 'Code senden',
  resend: 'Neuen Code senden',
  resendLink: 'Neuen Link senden',
  resendHeading: 'Neue E-Mail senden',
  back: 'Zurück zum Code',
  problems: {
    code: {
      missing_field: 'Geben Sie den Code aus der E-Mail ein.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
    password: {
      missing_field:
        'Das Konto wurde nicht in diesem Browser erstellt. Geben Sie auch sein Passwort ein, und den Code noch einmal.',
      invalid_field: WRONG_PASSWORD,
      invalid_credentials: WRONG_PASSWORD,
      password_too_long: WRONG_PASSWORD,
    },
    form: signIn.problems.form,
  },
}
