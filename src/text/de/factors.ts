import type * as english from '../en/factors.ts'

/** Shared by all pages with passkeys. */
export const passkeys: typeof english.passkeys = {
  explain:
    'Mit einem Passkey melden Sie sich per Fingerabdruck, Gesicht oder PIN Ihres Geräts an. Niemand kann ihn erraten, und gefälschte Websites können ihn nicht stehlen.',
  signIn: 'Mit Passkey anmelden',
  or: 'oder',
  use: 'Passkey verwenden',
  add: 'Passkey hinzufügen',
  addKey: 'Sicherheitsschlüssel hinzufügen',
  failed: 'Das hat nicht geklappt. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',
  known: 'Dieses Gerät hat bereits einen Passkey für Ihr Konto.',
  noScript: 'Passkeys brauchen JavaScript. Aktivieren Sie JavaScript und laden Sie die Seite neu.',
  problems: {
    form: {
      missing_field: 'Ihr Gerät hat nicht geantwortet. Versuchen Sie es noch einmal.',
      invalid_field:
        'Ihr Gerät hat eine Antwort gesendet, die wir nicht lesen können. Versuchen Sie es noch einmal.',
      invalid_passkey:
        'Dieser Passkey wurde nicht akzeptiert. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.',
      unknown_passkey:
        'Dieser Passkey gehört hier zu keinem Konto. Vielleicht wurde er entfernt. Wählen Sie einen anderen Weg.',
      user_verification_required:
        'Dieser Schlüssel hat nicht geprüft, ob Sie es sind, und taugt deshalb nur als zweiter Schritt. Melden Sie sich zuerst mit Ihrem Passwort an.',
      passkey_known: 'Dieser Passkey wurde bereits hinzugefügt.',
      too_many_passkeys: 'Mehr Passkeys kann Ihr Konto nicht haben. Entfernen Sie zuerst einen.',
      refused_by_application:
        'Diese Anmeldung wurde abgelehnt. Wenden Sie sich an die Betreiber dieses Dienstes.',
    },
  },
}

/** The page for the second factor of a sign-in. The page on which users prove again who they are shares some of it. */
export const secondStep: typeof english.secondStep = {
  heading: 'Nur noch ein Schritt',
  signingIn: 'Sie melden sich als {email} an.',
  ask: {
    passkey: 'Verwenden Sie einen Passkey oder Sicherheitsschlüssel Ihres Kontos.',
    totp: 'Geben Sie den Code ein, den Ihre Authenticator-App gerade anzeigt.',
    recovery_code:
      'Geben Sie einen Ihrer Wiederherstellungscodes ein. Er gilt nur einmal und wird durch einen neuen ersetzt.',
  },
  none: 'Keiner Ihrer zweiten Faktoren funktioniert zurzeit. Wenden Sie sich an die Betreiber dieses Dienstes.',
  code: 'Code aus der App',
  codeHint: 'Sechs Ziffern, mit oder ohne Leerzeichen.',
  recoveryCode: 'Wiederherstellungscode',
  recoveryCodeHint: 'Zwei Gruppen von je sieben Zeichen, zum Beispiel 37KQ2M9-XTPA4B1.',
  submit: 'Weiter',
  otherWays: 'Anderer Weg',
  other: {
    passkey: 'Einen Passkey verwenden',
    totp: 'Die Authenticator-App verwenden',
    recovery_code: 'Einen Wiederherstellungscode verwenden',
    password: 'Das Passwort verwenden',
    provider: 'Einen anderen Anbieter verwenden',
  },
  cancel: 'Abbrechen',
  expired: 'Ihre Anmeldung hat zu lange gedauert und ist abgelaufen. Melden Sie sich noch einmal an.',
  otherSignIn: 'Dieses Formular gehörte zu einer anderen Anmeldung. Fahren Sie unten mit der aktuellen fort.',
  problems: {
    code: {
      missing_field: 'Geben Sie den Code ein, den die App anzeigt.',
      invalid_field: 'Der Code hat sechs Ziffern. Geben Sie den ein, den die App gerade anzeigt.',
      invalid_code:
        'Dieser Code ist falsch oder wurde schon verwendet. Warten Sie auf den nächsten und geben Sie diesen ein.',
    },
    recovery_code: {
      missing_field: 'Geben Sie einen Wiederherstellungscode ein.',
      invalid_field: 'Das ist kein Wiederherstellungscode. Prüfen Sie ihn und geben Sie ihn vollständig ein.',
      invalid_code: 'Dieser Code ist falsch oder wurde schon verwendet. Versuchen Sie es mit einem anderen.',
    },
    form: {
      refused_by_application:
        'Diese Anmeldung wurde abgelehnt. Wenden Sie sich an die Betreiber dieses Dienstes.',
    },
  },
}

/** The page that sets up the second factor that a sign-in requires. */
export const enrolment: typeof english.enrolment = {
  heading: 'Richten Sie einen zweiten Faktor ein',
  why: 'Ihr Konto braucht einen zweiten Faktor. Damit genügt ein gestohlenes Passwort nicht mehr zur Anmeldung. Sie richten ihn nur einmal ein.',
  passkeyHeading: 'Mit einem Passkey',
  appHeading: 'Mit einer Authenticator-App',
  appExplain: 'Die App auf Ihrem Telefon zeigt einen Code an, den Sie bei der Anmeldung eingeben.',
  app: 'App einrichten',
  back: 'Anderen Weg wählen',
}

/** Setting up an authenticator app. */
export const appSetup: typeof english.appSetup = {
  heading: 'Authenticator-App einrichten',
  scan: 'Scannen Sie diesen QR-Code mit der Authenticator-App auf Ihrem Telefon.',
  qrName: 'QR-Code mit dem Schlüssel für die App',
  key: 'Wenn Sie ihn nicht scannen können, tippen Sie diesen Schlüssel in die App ein:',
  open: 'In einer App auf diesem Gerät öffnen',
  enter: 'Geben Sie dann den Code ein, den die App anzeigt.',
  replaces: 'Ihre bisherige App funktioniert, bis Sie die neue bestätigen.',
  submit: 'Bestätigen',
  problems: {
    code: {
      missing_field: 'Geben Sie den Code ein, den die App anzeigt.',
      invalid_field: 'Der Code hat sechs Ziffern. Geben Sie den ein, den die App gerade anzeigt.',
      invalid_code:
        'Dieser Code ist falsch. Prüfen Sie, ob die App den Schlüssel von dieser Seite hat und ob die Uhr Ihres Telefons richtig geht.',
    },
    form: {
      refused_by_application:
        'Diese Anmeldung wurde abgelehnt. Wenden Sie sich an die Betreiber dieses Dienstes.',
    },
  },
}

/** The pages that show recovery codes. */
export const recoveryCodes: typeof english.recoveryCodes = {
  // The soft hyphens let the long word fit small screens.
  heading: 'Ihre Wieder\u00adherstellungs\u00adcodes',
  explain:
    'Mit einem dieser Codes können Sie sich anmelden, wenn Sie Ihren zweiten Faktor verlieren. Jeder gilt nur einmal. Bewahren Sie sie in einem Passwort-Manager auf, oder auf Papier an einem sicheren Ort.',
  once: 'Sie werden nicht noch einmal angezeigt.',
  copy: 'Kopieren',
  copied: 'Kopiert',
  print: 'Drucken',
  save: 'Herunterladen',
  kept: 'Ich habe sie aufbewahrt',
  newHeading: 'Ihr neuer Wieder\u00adherstellungs\u00adcode',
  newExplain:
    'Der Code, den Sie gerade verwendet haben, gilt nicht mehr. Dieser ersetzt ihn. Bewahren Sie ihn auf: Er wird nicht noch einmal angezeigt.',
  left: 'Verbleibende Wiederherstellungscodes: {count}',
  newKept: 'Ich habe ihn aufbewahrt',
}

/** The page of the account with the passkeys. */
export const ownPasskeys: typeof english.ownPasskeys = {
  heading: 'Passkeys',
  securityKey: 'Ein Sicherheitsschlüssel wird nach dem Passwort verwendet. Allein meldet er Sie nicht an.',
  none: 'Sie haben noch keine Passkeys.',
  provider: 'Gespeichert in',
  kind: 'Art',
  synced: 'Mit Ihren anderen Geräten synchronisiert',
  oneDevice: 'Auf einem Gerät',
  onlySecond: 'Sicherheitsschlüssel für den zweiten Schritt',
  added: 'Hinzugefügt',
  lastUsed: 'Zuletzt verwendet',
  never: 'Nie',
  unusable: 'Gehört zu einer anderen Adresse dieses Dienstes und funktioniert hier nicht.',
  rename: 'Umbenennen',
  renameNamed: 'Umbenennen: {name}',
  name: 'Bezeichnung',
  save: 'Speichern',
  remove: 'Entfernen',
  removeNamed: 'Entfernen: {name}',
  done: {
    added: 'Der Passkey wurde hinzugefügt.',
    renamed: 'Der Passkey wurde umbenannt.',
    removed: 'Der Passkey wurde entfernt.',
    already_removed: 'Dieser Passkey war bereits entfernt.',
  },
  problems: {
    name: {
      missing_field: 'Geben Sie eine Bezeichnung für den Passkey ein.',
      invalid_field: 'Verwenden Sie 1 bis 64 sichtbare Zeichen.',
    },
    form: {
      last_way_in:
        'Dieser Passkey ist Ihre einzige Möglichkeit, sich anzumelden. Legen Sie zuerst ein Passwort fest, oder fügen Sie einen anderen Passkey hinzu.',
      last_factor:
        'Das ist Ihr letzter zweiter Faktor, und Ihr Konto muss einen haben. Fügen Sie zuerst einen anderen hinzu.',
    },
  },
}

/** The page of the account with the second factor. */
export const ownFactors: typeof english.ownFactors = {
  heading: 'Zweiter Faktor',
  explain: 'Mit einem zweiten Faktor genügt ein gestohlenes Passwort nicht, um sich anzumelden.',
  on: 'Der zweite Faktor ist eingeschaltet: Nach dem Passwort fragen wir nach einem Code oder Passkey.',
  off: 'Der zweite Faktor ist ausgeschaltet: Ihr Passwort allein genügt, um sich anzumelden.',
  policyOff: 'Dieser Dienst verwendet keine zweiten Faktoren.',
  required: 'Ihr Konto muss einen zweiten Faktor haben. Deshalb können Sie ihn nicht ausschalten.',
  turnOn: 'Einschalten',
  turnOff: 'Ausschalten',
  none: 'Um ihn einzuschalten, richten Sie eine Authenticator-App ein oder fügen Sie einen Passkey hinzu.',
  appHeading: 'Authenticator-App',
  appNone: 'Es ist keine App eingerichtet.',
  appSince: 'Eingerichtet am',
  appDisabled: 'Diese App wurde nach zu vielen falschen Codes abgeschaltet. Richten Sie sie neu ein.',
  setUp: 'App einrichten',
  replace: 'Neue App einrichten',
  removeApp: 'App entfernen',
  passkeysHeading: 'Passkeys',
  passkeys: 'Ihre Passkeys: {count}',
  managePasskeys: 'Passkeys verwalten',
  codesHeading: 'Wieder\u00adherstellungs\u00adcodes',
  codesExplain: 'Damit kommen Sie in Ihr Konto, wenn Sie Ihren zweiten Faktor verlieren.',
  renew: 'Neue Codes erstellen',
  renewExplain: 'Neue Codes ersetzen Ihre bisherigen.',
  done: {
    on: 'Der zweite Faktor ist jetzt eingeschaltet.',
    off: 'Der zweite Faktor ist jetzt ausgeschaltet.',
    renewed: 'Sie haben neue Wiederherstellungscodes. Die alten gelten nicht mehr.',
    app_added: 'Die Authenticator-App wurde eingerichtet.',
    app_removed: 'Die Authenticator-App wurde entfernt.',
    app_already_removed: 'Die Authenticator-App war bereits entfernt.',
  },
  problems: {
    form: {
      no_second_factor:
        'Sie haben keinen zweiten Faktor. Richten Sie zuerst eine Authenticator-App ein, oder fügen Sie einen Passkey hinzu.',
      last_factor:
        'Das ist Ihr letzter zweiter Faktor, und Ihr Konto muss einen haben. Fügen Sie zuerst einen anderen hinzu.',
    },
  },
}
