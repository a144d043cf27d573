import type { mail as english } from '../en/mail.ts'

const IGNORE =
  'Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ohne Ihre Bestätigung geschieht nichts.'

const expiry = (duration: string) => `Der Link funktioniert nur einmal und ist ${duration} gültig.`

export const mail: typeof english = {
  formats: 'de-DE',
  // With a comma, the first sentence would have to begin with a small letter.
  greeting: 'Guten Tag!',
  support: 'Hilfe zu Ihrem Konto erhalten Sie hier: {contact}.',
  copyLink: 'Wenn die Schaltfläche nicht funktioniert, kopieren Sie diesen Link in Ihren Browser:',
  enterCode: 'Oder geben Sie diesen Code dort ein, wo Sie ihn angefordert haben:',
  codeExpiry: 'Er funktioniert nur in diesem Browser und ist {duration} gültig.',
  verify_email: (service, duration) => ({
    subject: `Bestätigen Sie Ihre E-Mail-Adresse für ${service}`,
    heading: 'Bestätigen Sie Ihre E-Mail-Adresse',
    before: [
      `Jemand, vermutlich Sie selbst, hat mit dieser Adresse ein Konto bei ${service} angelegt. Bestätigen Sie, dass die Adresse Ihnen gehört:`,
    ],
    action: 'Adresse bestätigen',
    after: [expiry(duration), IGNORE],
  }),
  account_exists: (service, duration) => ({
    subject: `Sie haben bereits ein Konto bei ${service}`,
    heading: 'Sie haben bereits ein Konto',
    before: [
      `Jemand wollte mit dieser Adresse ein Konto bei ${service} anlegen, aber Sie haben dort bereits eines.`,
      'Wenn Sie das waren, melden Sie sich mit Ihrem Passwort an. Falls Sie es vergessen haben, legen Sie über diesen Link ein neues fest:',
    ],
    action: 'Neues Passwort festlegen',
    after: [
      expiry(duration),
      'Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. An Ihrem Konto hat sich nichts geändert.',
    ],
  }),
  reset_password: (service, duration) => ({
    subject: `Legen Sie ein neues Passwort für ${service} fest`,
    heading: 'Legen Sie ein neues Passwort fest',
    before: [
      `Jemand, vermutlich Sie selbst, hat ein neues Passwort für Ihr Konto bei ${service} angefordert. Legen Sie es über diesen Link fest:`,
    ],
    action: 'Neues Passwort festlegen',
    after: [
      expiry(duration),
      'Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ihr Passwort hat sich nicht geändert.',
    ],
  }),
  set_password: (service, duration) => ({
    subject: `Legen Sie ein Passwort für Ihr neues Konto bei ${service} fest`,
    heading: 'Legen Sie Ihr Passwort fest',
    before: [
      `Bei ${service} wurde ein Konto für Sie angelegt. Legen Sie über diesen Link ein Passwort fest, damit Sie sich anmelden können:`,
    ],
    action: 'Passwort festlegen',
    after: [
      `${expiry(duration)} Danach öffnen Sie ${service} und wählen „Passwort vergessen“, um einen neuen Link zu erhalten.`,
      'Wenn Sie diese E-Mail nicht erwartet haben, können Sie sie ignorieren. Solange kein Passwort festgelegt ist, kann sich niemand in dem Konto anmelden.',
    ],
  }),
  confirm_new_email: (service, duration) => ({
    subject: `Bestätigen Sie Ihre neue E-Mail-Adresse für ${service}`,
    heading: 'Bestätigen Sie Ihre neue E-Mail-Adresse',
    before: [
      `Jemand, vermutlich Sie selbst, möchte diese Adresse für ein Konto bei ${service} verwenden. Bestätigen Sie, dass die Adresse Ihnen gehört:`,
    ],
    action: 'Adresse bestätigen',
    after: [expiry(duration), IGNORE],
  }),
  test: (service) => ({
    subject: `Testnachricht von ${service}`,
    heading: 'Testnachricht',
    before: [`Dies ist ein Test. Wenn Sie diese Nachricht lesen, kann ${service} E-Mails versenden.`],
    after: ['Sie müssen nichts tun.'],
  }),
}
