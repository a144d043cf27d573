import type { account as english } from '../en/account.ts'

/** The pages of the account. */
export const account: typeof english = {
  navigation: {
    overview: 'Konto',
    email: 'E-Mail-Adresse',
    password: 'Passwort',
    passkeys: 'Passkeys',
    factors: 'Zweiter Faktor',
    identities: 'Verbundene Konten',
    sessions: 'Geräte',
    activity: 'Aktivitäten',
    data: 'Ihre Daten',
  },
  overview: {
    heading: 'Ihr Konto',
    email: 'E-Mail-Adresse',
    name: 'Name',
    memberSince: 'Konto erstellt am',
    manage: 'Konto verwalten',
    about: {
      email: 'Ändern Sie die Adresse, mit der Sie sich anmelden und an die wir Ihnen schreiben.',
      password:
        'Wählen Sie ein neues Passwort, zum Beispiel wenn jemand anderes Ihr bisheriges kennen könnte.',
      passkeys: 'Melden Sie sich per Fingerabdruck, Gesicht oder PIN an statt mit dem Passwort.',
      factors:
        'Schützen Sie Ihr Konto mit einer Authenticator-App, und bewahren Sie Wiederherstellungscodes auf.',
      identities: 'Melden Sie sich mit einem Konto an, das Sie bei einem anderen Anbieter haben.',
      sessions: 'Sehen Sie, wo Sie angemeldet sind, und melden Sie andere Geräte ab.',
      activity: 'Sehen Sie, was in Ihrem Konto geschehen ist, und wann.',
      data: 'Laden Sie eine Kopie Ihrer Daten herunter, oder löschen Sie Ihr Konto.',
    },
    missing: {
      heading: 'Was noch fehlt',
      offerHeading: 'Ohne Passwort anmelden',
      offer: 'Passkey hinzufügen',
      decline: 'Jetzt nicht',
      /** The accessible name of the button. Begins with `decline`. */
      declineNamed: 'Jetzt nicht: in 30 Tagen wieder fragen',
      noSecondWay:
        'Sie haben nur einen Zugang. Wenn Sie ihn verlieren, sind Sie ausgesperrt. Fügen Sie einen Passkey hinzu, oder richten Sie eine Authenticator-App ein.',
      addSecondWay: 'Zweiten Zugang hinzufügen',
      codesLeft: 'Wiederherstellungscodes, die Sie noch haben: {count}',
      renewCodes: 'Neue Codes erstellen',
    },
  },
  email: {
    heading: 'E-Mail-Adresse',
    current: 'Sie melden sich mit {email} an.',
    explain: 'Wir senden eine E-Mail an die neue Adresse. Bis Sie diese bestätigen, ändert sich nichts.',
    label: 'Neue E-Mail-Adresse',
    submit: 'E-Mail senden',
    change: 'E-Mail-Adresse ändern',
    done: {
      changed: 'Ihre E-Mail-Adresse wurde geändert. Melden Sie sich ab jetzt mit der neuen an.',
      mailed:
        'Wir haben einen Link an die neue Adresse gesendet. Öffnen Sie ihn, um die Änderung zu bestätigen.',
    },
    problems: {
      email: {
        missing_field: 'Geben Sie die neue E-Mail-Adresse ein.',
        invalid_field: 'Geben Sie eine gültige E-Mail-Adresse ein, zum Beispiel name@example.com.',
        invalid_email: 'Geben Sie eine gültige E-Mail-Adresse ein, zum Beispiel name@example.com.',
      },
    },
  },
  emailCode: {
    heading: 'Bestätigen Sie die neue Adresse',
    sent: 'Wir haben eine E-Mail an die neue Adresse gesendet. Geben Sie den Code daraus ein.',
    link: 'Sie können auch den Link in der E-Mail öffnen, auf einem beliebigen Gerät.',
    submit: 'Adresse bestätigen',
    again: 'Keine E-Mail erhalten? Sehen Sie im Spam-Ordner nach, oder senden Sie sie noch einmal.',
    problems: {
      code: {
        missing_field: 'Geben Sie den Code aus der E-Mail ein.',
        invalid_field:
          'Dieser Code ist falsch oder abgelaufen. Prüfen Sie ihn, oder fordern Sie einen neuen an.',
        invalid_code:
          'Dieser Code ist falsch oder abgelaufen. Prüfen Sie ihn, oder fordern Sie einen neuen an.',
      },
    },
  },
  password: {
    heading: 'Passwort',
    explain: 'Wenn Sie Ihr Passwort ändern, werden Sie auf allen anderen Geräten abgemeldet.',
    explainFirst:
      'Ihr Konto hat noch kein Passwort. Mit einem Passwort können Sie sich auch ohne anderen Anbieter anmelden.',
    current: 'Aktuelles Passwort',
    submit: 'Passwort ändern',
    submitFirst: 'Passwort festlegen',
    done: {
      changed: 'Ihr Passwort wurde geändert. Sie wurden auf allen anderen Geräten abgemeldet.',
    },
  },
  sessions: {
    heading: 'Geräte',
    explain:
      'Diese Geräte sind in Ihrem Konto angemeldet. Wenn Ihnen eines davon unbekannt ist, melden Sie es ab und ändern Sie Ihr Passwort.',
    current: 'Dieses Gerät',
    firstUse: 'Angemeldet',
    lastUse: 'Zuletzt verwendet',
    ip: 'IP-Adresse',
    end: 'Abmelden',
    endNamed: 'Abmelden: {device}',
    endOthers: 'Alle anderen Geräte abmelden',
    newer: 'Vorherige Geräte',
    older: 'Weitere Geräte',
    only: 'Sie sind auf keinem anderen Gerät angemeldet.',
    stepUpFirst: 'Um andere Geräte abzumelden, bestätigen Sie zuerst, dass Sie es sind.',
    stepUp: 'Bestätigen',
    done: {
      ended: 'Das Gerät wurde abgemeldet.',
      already_ended: 'Dieses Gerät war bereits abgemeldet.',
      others_ended: 'Alle anderen Geräte wurden abgemeldet.',
    },
    problems: {
      form: {
        missing_field: 'Wählen Sie das Gerät, das Sie abmelden möchten.',
        invalid_field: 'Wählen Sie das Gerät, das Sie abmelden möchten.',
      },
    },
  },
  device: {
    named: '{browser} auf {system}',
    unknown: 'Unbekanntes Gerät',
  },
  data: {
    heading: 'Ihre Daten',
    exportHeading: 'Daten herunterladen',
    exportExplain:
      'Eine JSON-Datei mit Ihrem Konto, Ihren Geräten und Ihren Aktivitäten. Sie enthält keine Passwörter. Bewahren Sie sie trotzdem vertraulich auf.',
    export: 'Herunterladen',
    deleteHeading: 'Konto löschen',
    deleted:
      'Das lässt sich nicht rückgängig machen. Wir löschen Ihre E-Mail-Adresse, Ihr Passwort und Ihr Profil. Sie werden auf allen Geräten abgemeldet, und alle Links und Codes, die wir Ihnen per E-Mail gesendet haben, werden ungültig.',
    kept: 'Die Aktivitäten Ihres Kontos bewahren wir für höchstens {time} auf, ohne Ihre E-Mail-Adresse, Ihre IP-Adressen und Ihre Geräte. Sicherungskopien enthalten Ihre Daten, bis sie ersetzt werden.',
    confirmLabel: 'Ihre E-Mail-Adresse',
    confirmHint: 'Geben Sie zur Bestätigung {email} ein.',
    delete: 'Konto löschen',
    problems: {
      email: {
        missing_field: 'Geben Sie die E-Mail-Adresse Ihres Kontos ein.',
        invalid_field: 'Das ist nicht die E-Mail-Adresse Ihres Kontos.',
      },
      form: {
        // The time is in the accusative: "in {time}" would need the dative, "2 Tagen".
        too_many_attempts:
          'Sie haben Ihre Daten mehrmals heruntergeladen. Warten Sie {time} und versuchen Sie es dann noch einmal.',
      },
    },
  },
  deleted: {
    heading: 'Ihr Konto wurde gelöscht',
    explain: 'Zur Bestätigung haben wir Ihnen eine letzte E-Mail gesendet. Danke, dass Sie bei uns waren.',
    explainWithoutMail: 'Danke, dass Sie bei uns waren.',
    signUp: 'Neues Konto erstellen',
  },
}
