import type * as english from '../en/notices.ts'
import { onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'Wenn Sie das waren, müssen Sie nichts tun.'

const changePassword = (service: string, ...first: string[]) =>
  `Wenn Sie das nicht waren, hat jemand anderes Zugriff auf Ihr Konto. Öffnen Sie umgehend ${service}, ${[...first, 'ändern Sie Ihr Passwort'].join(', ')} und melden Sie alle anderen Geräte ab.`

const noLink = (service: string) =>
  `Diese E-Mail enthält absichtlich keine Links. Öffnen Sie ${service} in Ihrem Browser so, wie Sie es gewohnt sind.`

const advice = (service: string, ...first: string[]) => [
  IT_WAS_YOU,
  changePassword(service, ...first),
  noLink(service),
]

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Zeitpunkt: ${time}`,
  ...(device === null ? [] : [`Gerät: ${device}`]),
  ...(ip === null ? [] : [`IP-Adresse: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Name: ${name}`])

export const notices: typeof english.notices = {
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
    after: advice(service),
  }),
  signed_in_after_failures: (service, signIn, failures) => ({
    subject: `Anmeldung in Ihrem Konto bei ${service} nach Fehlversuchen`,
    heading: 'Anmeldung nach Fehlversuchen',
    before: [
      `Jemand hat sich nach ${failures} ${failures === 1 ? 'Fehlversuch' : 'Fehlversuchen'} in Ihrem Konto bei ${service} angemeldet.`,
    ],
    facts: factsOf(signIn),
    after: advice(service),
  }),
  passkey_added: (service, name) => ({
    subject: `Ein Passkey wurde zu Ihrem Konto bei ${service} hinzugefügt`,
    heading: 'Passkey hinzugefügt',
    before: [
      `Zu Ihrem Konto bei ${service} wurde ein Passkey hinzugefügt. Er kann jetzt zur Anmeldung verwendet werden.`,
    ],
    facts: nameFact(name),
    after: advice(service, 'entfernen Sie den Passkey'),
  }),
  passkey_removed: (service, name) => ({
    subject: `Ein Passkey wurde aus Ihrem Konto bei ${service} entfernt`,
    heading: 'Passkey entfernt',
    before: [
      `Aus Ihrem Konto bei ${service} wurde ein Passkey entfernt. Er kann nicht mehr zur Anmeldung verwendet werden.`,
    ],
    facts: nameFact(name),
    after: advice(service),
  }),
  passkey_refused: (service, name) => ({
    subject: `Ein Passkey Ihres Kontos bei ${service} wurde abgelehnt`,
    heading: 'Passkey abgelehnt',
    before: [
      `Ein Passkey Ihres Kontos bei ${service} wurde abgelehnt, weil er kopiert worden sein könnte: Sein Zähler ist nicht gestiegen. Niemand wurde damit angemeldet. Entfernen Sie diesen Passkey und fügen Sie einen neuen hinzu.`,
    ],
    facts: nameFact(name),
    after: advice(service),
  }),
  identity_connected: (service, name) => ({
    subject: `Ihr Konto bei ${service} wurde mit einem anderen Anbieter verbunden`,
    heading: 'Konto verbunden',
    before: [
      `Ein Konto bei einem anderen Anbieter wurde mit Ihrem Konto bei ${service} verbunden. Es kann jetzt zur Anmeldung verwendet werden.`,
    ],
    facts: [`Anbieter: ${name}`],
    after: advice(service, 'trennen Sie die Verbindung'),
  }),
  identity_disconnected: (service, name) => ({
    subject: `Ihr Konto bei ${service} wurde von einem anderen Anbieter getrennt`,
    heading: 'Konto getrennt',
    before: [
      `Ein Konto bei einem anderen Anbieter wurde von Ihrem Konto bei ${service} getrennt. Es kann nicht mehr zur Anmeldung verwendet werden.`,
    ],
    facts: [`Anbieter: ${name}`],
    after: advice(service),
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
    after: advice(service),
  }),
  second_factor_disabled: (service) => ({
    subject: `Der zweite Faktor Ihres Kontos bei ${service} wurde ausgeschaltet`,
    heading: 'Zweiter Faktor ausgeschaltet',
    before: [
      `Der zweite Faktor Ihres Kontos bei ${service} wurde ausgeschaltet. Für die Anmeldung genügt jetzt das Passwort.`,
    ],
    after: advice(service, 'schalten Sie den zweiten Faktor wieder ein'),
  }),
  recovery_codes_renewed: (service) => ({
    subject: `Neue Wiederherstellungscodes für Ihr Konto bei ${service}`,
    // The soft hyphens let the long word fit small screens.
    heading: 'Neue Wieder\u00adherstellungs\u00adcodes',
    before: [
      `Für Ihr Konto bei ${service} wurden zehn neue Wiederherstellungscodes erstellt. Frühere funktionieren nicht mehr.`,
    ],
    after: advice(service, 'erstellen Sie neue Wiederherstellungscodes'),
  }),
  recovery_code_used: (service) => ({
    subject: `Anmeldung in Ihrem Konto bei ${service} mit einem Wiederherstellungscode`,
    heading: 'Anmeldung mit einem Wieder\u00adherstellungs\u00adcode',
    before: [
      `Jemand hat sich mit einem Wiederherstellungscode anstelle des zweiten Faktors in Ihrem Konto bei ${service} angemeldet. Dieser Code funktioniert nicht mehr. Ein neuer, der nach der Anmeldung angezeigt wurde, ersetzt ihn.`,
    ],
    after: advice(service, 'erstellen Sie neue Wiederherstellungscodes'),
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
}

/** The activity of an account, by audit action. */
export const activity: typeof english.activity = {
  heading: 'Aktivitäten',
  explain:
    'Die letzten Aktivitäten in Ihrem Konto. Wenn Ihnen etwas davon unbekannt vorkommt, ändern Sie Ihr Passwort.',
  older: 'Ältere Aktivitäten',
  newer: 'Neuere Aktivitäten',
  other: 'Sonstige Aktivität',
  done: {
    register: 'Konto erstellt',
    request_confirmation: 'Bestätigungs-E-Mail angefordert',
    confirm_email: 'E-Mail-Adresse bestätigt',
    login: 'Angemeldet',
    logout: 'Abgemeldet',
    end_session: 'Anderes Gerät abgemeldet',
    end_other_sessions: 'Alle anderen Geräte abgemeldet',
    reauthenticate: 'Identität bestätigt',
    request_password_reset: 'Zurücksetzen des Passworts angefordert',
    reset_password: 'Passwort zurückgesetzt',
    change_password: 'Passwort geändert',
    request_email_change: 'Änderung der E-Mail-Adresse angefordert',
    change_email: 'E-Mail-Adresse geändert',
    update_profile: 'Profil geändert',
    export_account: 'Daten heruntergeladen',
    begin_sign_in: 'Passwort eingegeben und zweiter Faktor verlangt',
    link_identity: 'Konto bei einem anderen Anbieter verbunden',
    unlink_identity: 'Konto bei einem anderen Anbieter getrennt',
    logout_at_provider: 'Bei einem anderen Anbieter abgemeldet',
    add_factor: 'Zweiter Faktor oder Passkey hinzugefügt',
    remove_factor: 'Zweiter Faktor oder Passkey entfernt',
    rename_passkey: 'Passkey umbenannt',
    renew_recovery_codes: 'Neue Wiederherstellungscodes erstellt',
    enable_second_factor: 'Zweiter Faktor eingeschaltet',
    disable_second_factor: 'Zweiter Faktor ausgeschaltet',
    use_passkey: 'Passkey akzeptiert, obwohl sich sein Sicherungsstatus geändert hat',
  },
  refused: {
    register: 'Jemand wollte mit Ihrer E-Mail-Adresse ein Konto erstellen',
    confirm_email: 'Fehlgeschlagener Versuch, Ihre E-Mail-Adresse zu bestätigen',
    login: 'Fehlgeschlagener Anmeldeversuch',
    limit_reached: 'Zu viele Versuche, weitere wurden daher eine Zeit lang blockiert',
    reauthenticate: 'Fehlgeschlagener Versuch, das Passwort zu bestätigen',
    reset_password: 'Fehlgeschlagener Versuch, das Passwort zurückzusetzen',
    change_password: 'Fehlgeschlagener Versuch, das Passwort zu ändern',
    change_email: 'Fehlgeschlagener Versuch, eine neue E-Mail-Adresse zu bestätigen',
    give_up_mail: 'Eine E-Mail an Sie konnte nicht zugestellt werden',
    prove_second_factor: 'Falscher oder schon verwendeter Code eingegeben',
    use_passkey: 'Ein Passkey wurde abgelehnt',
  },
  byOperator: {
    register: 'Ein Administrator hat Ihr Konto erstellt',
    request_confirmation: 'Ein Administrator hat die Bestätigungs-E-Mail noch einmal gesendet',
    confirm_email: 'Ein Administrator hat Ihre E-Mail-Adresse bestätigt',
    login: 'Über eine Anwendung angemeldet',
    end_all_sessions: 'Ein Administrator hat Sie auf allen Geräten abgemeldet',
    request_password_reset:
      'Ein Administrator hat Ihnen eine E-Mail zum Zurücksetzen Ihres Passworts gesendet',
    request_email_change: 'Ein Administrator hat eine neue E-Mail-Adresse für Ihr Konto angefordert',
    change_email: 'Ein Administrator hat Ihre E-Mail-Adresse geändert',
    update_profile: 'Ein Administrator hat Ihr Profil geändert',
    disable_account: 'Ein Administrator hat Ihr Konto deaktiviert',
    enable_account: 'Ein Administrator hat Ihr Konto wieder aktiviert',
    unlock_account: 'Ein Administrator hat die fehlgeschlagenen Anmeldeversuche gelöscht',
    mark_password_compromised: 'Ein Administrator hat Ihr Passwort als nicht mehr sicher markiert',
    remove_factor:
      'Ein Administrator hat einen zweiten Faktor, Passkey oder Wiederherstellungscodes entfernt',
    disable_second_factor: 'Ein Administrator hat den zweiten Faktor ausgeschaltet',
    require_second_factor: 'Ein Administrator hat einen zweiten Faktor für Sie vorgeschrieben',
    waive_second_factor: 'Ein Administrator schreibt Ihnen den zweiten Faktor nicht mehr vor',
  },
}
