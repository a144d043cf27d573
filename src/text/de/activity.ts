import type { activity as english } from '../en/activity.ts'

/** What happened with an account, by audit action. */
export const activity: typeof english = {
  heading: 'Aktivitäten',
  explain:
    'Die letzten Aktivitäten in Ihrem Konto. Wenn Ihnen etwas davon unbekannt vorkommt, ändern Sie Ihr Passwort.',
  other: 'Sonstige Aktivität',
  done: {
    register: 'Konto erstellt',
    request_confirmation: 'Bestätigungs-E-Mail angefordert',
    confirm_email: 'E-Mail-Adresse bestätigt',
    login: 'Angemeldet',
    logout: 'Abgemeldet',
    end_session: 'Anderes Gerät abgemeldet',
    end_other_sessions: 'Alle anderen Geräte abgemeldet',
    reauthenticate: 'Passwort bestätigt',
    request_password_reset: 'Zurücksetzen des Passworts angefordert',
    reset_password: 'Passwort zurückgesetzt',
    change_password: 'Passwort geändert',
    request_email_change: 'Änderung der E-Mail-Adresse angefordert',
    change_email: 'E-Mail-Adresse geändert',
    update_profile: 'Profil geändert',
    export_account: 'Daten heruntergeladen',
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
  },
}
