import type { MailTexts } from '../index.ts'
import { onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'Wenn Sie das waren, müssen Sie nichts tun.'
const IGNORE =
  'Wenn Sie das nicht waren, können Sie diese E-Mail ignorieren. Ohne Ihre Bestätigung geschieht nichts.'

const expiry = (duration: string) => `Der Link funktioniert nur einmal und ist ${duration} gültig.`

const changePassword = (service: string, ...first: string[]) =>
  `Wenn Sie das nicht waren, hat jemand anderes Zugriff auf Ihr Konto. Öffnen Sie umgehend ${service}, ${[...first, 'ändern Sie Ihr Passwort'].join(', ')} und melden Sie alle anderen Geräte ab.`

const noLink = (service: string) =>
  `Diese E-Mail enthält absichtlich keine Links. Öffnen Sie ${service} in Ihrem Browser so, wie Sie es gewohnt sind.`

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Zeitpunkt: ${time}`,
  ...(device === null ? [] : [`Gerät: ${device}`]),
  ...(ip === null ? [] : [`IP-Adresse: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Name: ${name}`])

export const mail: MailTexts = {
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
  email_change_requested: (service, newEmail) => ({
    subject: `Neue E-Mail-Adresse für Ihr Konto bei ${service}`,
    heading: 'Neue E-Mail-Adresse angefordert',
    before: [
      `Jemand, vermutlich Sie selbst, möchte die E-Mail-Adresse Ihres Kontos bei ${service} in ${newEmail} ändern. Die Änderung wird wirksam, sobald die neue Adresse bestätigt ist.`,
    ],
    after: [
      IT_WAS_YOU,
      `${changePassword(service)} Mit dem neuen Passwort wird auch die Änderung der Adresse hinfällig.`,
      noLink(service),
    ],
  }),
  email_changed: (service, newEmail) => ({
    subject: `Die E-Mail-Adresse Ihres Kontos bei ${service} wurde geändert`,
    heading: 'Ihre E-Mail-Adresse wurde geändert',
    before: [
      `Die E-Mail-Adresse Ihres Kontos bei ${service} lautet jetzt ${newEmail}. Die Adresse, unter der Sie diese E-Mail erhalten, gehört nicht mehr zu dem Konto.`,
    ],
    after: [
      IT_WAS_YOU,
      `Wenn Sie das nicht waren, hat jemand anderes Ihr Konto übernommen. Wenden Sie sich umgehend an die Betreiber von ${service}. Mit dieser Adresse können Sie das Passwort nicht mehr zurücksetzen.`,
      noLink(service),
    ],
  }),
  password_changed: (service) => ({
    subject: `Das Passwort Ihres Kontos bei ${service} wurde geändert`,
    heading: 'Ihr Passwort wurde geändert',
    before: [`Das Passwort Ihres Kontos bei ${service} wurde geändert.`],
    after: [
      IT_WAS_YOU,
      `Wenn Sie das nicht waren, hat jemand anderes Zugriff auf Ihr Konto. Öffnen Sie umgehend ${service}, wählen Sie „Passwort vergessen“, legen Sie ein neues Passwort fest und melden Sie alle anderen Geräte ab.`,
      noLink(service),
    ],
  }),
  new_device: (service, signIns, count) => ({
    subject:
      count === 1
        ? `Neues Gerät in Ihrem Konto bei ${service} angemeldet`
        : `Neue Geräte in Ihrem Konto bei ${service} angemeldet`,
    heading: count === 1 ? 'Neues Gerät angemeldet' : 'Neue Geräte angemeldet',
    before: [
      count === 1
        ? `Jemand hat sich mit einem neuen Gerät in Ihrem Konto bei ${service} angemeldet.`
        : `In Ihrem Konto bei ${service} gab es ${count} Anmeldungen mit neuen Geräten. ${signIns.length < count ? 'Die letzten davon:' : 'Im Einzelnen:'}`,
    ],
    facts: count === 1 ? signIns.flatMap(factsOf) : signIns.map(onOneLine),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  signed_in_after_failures: (service, signIn, failures) => ({
    subject: `Anmeldung in Ihrem Konto bei ${service} nach Fehlversuchen`,
    heading: 'Anmeldung nach Fehlversuchen',
    before: [
      `Jemand hat sich nach ${failures} ${failures === 1 ? 'Fehlversuch' : 'Fehlversuchen'} in Ihrem Konto bei ${service} angemeldet.`,
    ],
    facts: factsOf(signIn),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_added: (service, name) => ({
    subject: `Ein Passkey wurde zu Ihrem Konto bei ${service} hinzugefügt`,
    heading: 'Passkey hinzugefügt',
    before: [
      `Zu Ihrem Konto bei ${service} wurde ein Passkey hinzugefügt. Er kann jetzt zur Anmeldung verwendet werden.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service, 'entfernen Sie den Passkey'), noLink(service)],
  }),
  passkey_removed: (service, name) => ({
    subject: `Ein Passkey wurde aus Ihrem Konto bei ${service} entfernt`,
    heading: 'Passkey entfernt',
    before: [
      `Aus Ihrem Konto bei ${service} wurde ein Passkey entfernt. Er kann nicht mehr zur Anmeldung verwendet werden.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_refused: (service, name) => ({
    subject: `Ein Passkey Ihres Kontos bei ${service} wurde abgelehnt`,
    heading: 'Passkey abgelehnt',
    before: [
      `Ein Passkey Ihres Kontos bei ${service} wurde abgelehnt, weil er kopiert worden sein könnte: Sein Zähler ist nicht gestiegen. Niemand wurde damit angemeldet. Entfernen Sie diesen Passkey und fügen Sie einen neuen hinzu.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  identity_connected: (service, name) => ({
    subject: `Ihr Konto bei ${service} wurde mit einem anderen Anbieter verbunden`,
    heading: 'Konto verbunden',
    before: [
      `Ein Konto bei einem anderen Anbieter wurde mit Ihrem Konto bei ${service} verbunden. Es kann jetzt zur Anmeldung verwendet werden.`,
    ],
    facts: [`Anbieter: ${name}`],
    after: [IT_WAS_YOU, changePassword(service, 'trennen Sie die Verbindung'), noLink(service)],
  }),
  identity_disconnected: (service, name) => ({
    subject: `Ihr Konto bei ${service} wurde von einem anderen Anbieter getrennt`,
    heading: 'Konto getrennt',
    before: [
      `Ein Konto bei einem anderen Anbieter wurde von Ihrem Konto bei ${service} getrennt. Es kann nicht mehr zur Anmeldung verwendet werden.`,
    ],
    facts: [`Anbieter: ${name}`],
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  totp_added: (service) => ({
    subject: `Eine Authenticator-App wurde zu Ihrem Konto bei ${service} hinzugefügt`,
    heading: 'Authenticator-App hinzugefügt',
    before: [
      `Zu Ihrem Konto bei ${service} wurde eine Authenticator-App hinzugefügt. Bei der Anmeldung kann ein Code aus dieser App verlangt werden.`,
    ],
    after: [
      IT_WAS_YOU,
      changePassword(service, 'entfernen Sie die App aus Ihrem Konto'),
      `Wenn Sie sich nicht mehr anmelden können, wenden Sie sich an die Betreiber von ${service}.`,
      noLink(service),
    ],
  }),
  totp_removed: (service) => ({
    subject: `Die Authenticator-App wurde aus Ihrem Konto bei ${service} entfernt`,
    heading: 'Authenticator-App entfernt',
    before: [
      `Die Authenticator-App wurde aus Ihrem Konto bei ${service} entfernt. Codes aus dieser App funktionieren nicht mehr.`,
    ],
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  second_factor_disabled: (service) => ({
    subject: `Der zweite Faktor Ihres Kontos bei ${service} wurde ausgeschaltet`,
    heading: 'Zweiter Faktor ausgeschaltet',
    before: [
      `Der zweite Faktor Ihres Kontos bei ${service} wurde ausgeschaltet. Für die Anmeldung genügt jetzt das Passwort.`,
    ],
    after: [
      IT_WAS_YOU,
      changePassword(service, 'schalten Sie den zweiten Faktor wieder ein'),
      noLink(service),
    ],
  }),
  recovery_codes_renewed: (service) => ({
    subject: `Neue Wiederherstellungscodes für Ihr Konto bei ${service}`,
    // The soft hyphens let the long word fit small screens.
    heading: 'Neue Wieder\u00adherstellungs\u00adcodes',
    before: [
      `Für Ihr Konto bei ${service} wurden zehn neue Wiederherstellungscodes erstellt. Frühere funktionieren nicht mehr.`,
    ],
    after: [
      IT_WAS_YOU,
      changePassword(service, 'erstellen Sie neue Wiederherstellungscodes'),
      noLink(service),
    ],
  }),
  recovery_code_used: (service) => ({
    subject: `Anmeldung in Ihrem Konto bei ${service} mit einem Wiederherstellungscode`,
    heading: 'Anmeldung mit einem Wieder\u00adherstellungs\u00adcode',
    before: [
      `Jemand hat sich mit einem Wiederherstellungscode anstelle des zweiten Faktors in Ihrem Konto bei ${service} angemeldet. Dieser Code funktioniert nicht mehr. Ein neuer, der nach der Anmeldung angezeigt wurde, ersetzt ihn.`,
    ],
    after: [
      IT_WAS_YOU,
      changePassword(service, 'erstellen Sie neue Wiederherstellungscodes'),
      noLink(service),
    ],
  }),
  second_factor_failed: (service, signIn) => ({
    subject: `Nicht abgeschlossene Anmeldung in Ihrem Konto bei ${service}`,
    heading: 'Anmeldung nicht abgeschlossen',
    before: [
      `Jemand hat das Passwort Ihres Kontos bei ${service} eingegeben, die Anmeldung aber nicht mit dem zweiten Faktor abgeschlossen.`,
    ],
    facts: factsOf(signIn),
    after: [
      IT_WAS_YOU,
      `Wenn Sie das nicht waren, kennt jemand anderes Ihr Passwort. Öffnen Sie umgehend ${service} und ändern Sie es.`,
      noLink(service),
    ],
  }),
  factors_revoked: (service) => ({
    subject: `Anmeldemethoden wurden aus Ihrem Konto bei ${service} entfernt`,
    heading: 'Anmelde\u00admethoden entfernt',
    before: [
      `Die Betreiber von ${service} haben eine oder mehrere Anmeldemethoden aus Ihrem Konto entfernt: Passkeys, die Authenticator-App oder Wiederherstellungscodes.`,
    ],
    after: [
      `Wenn Sie darum gebeten haben, müssen Sie nichts tun. Andernfalls wenden Sie sich umgehend an die Betreiber von ${service}.`,
      noLink(service),
    ],
  }),
  account_deleted: (service) => ({
    subject: `Ihr Konto bei ${service} wurde gelöscht`,
    heading: 'Ihr Konto wurde gelöscht',
    before: [`Ihr Konto bei ${service} wurde gelöscht. Eine Anmeldung ist nicht mehr möglich.`],
    after: [
      IT_WAS_YOU,
      `Wenn Sie das nicht waren, wenden Sie sich umgehend an die Betreiber von ${service}.`,
      noLink(service),
    ],
  }),
  test: (service) => ({
    subject: `Testnachricht von ${service}`,
    heading: 'Testnachricht',
    before: [`Dies ist ein Test. Wenn Sie diese Nachricht lesen, kann ${service} E-Mails versenden.`],
    after: ['Sie müssen nichts tun.'],
  }),
}
