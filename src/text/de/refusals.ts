import type { refusals as english } from '../en/refusals.ts'

/** Pages for requests that are refused, by the code of the error. */
export const refusals: typeof english = {
  not_found: {
    heading: 'Diese Seite gibt es nicht',
    advice: 'Prüfen Sie die Adresse, oder gehen Sie zu Ihrem Konto.',
  },
  method_not_allowed: {
    heading: 'So lässt sich diese Seite nicht verwenden',
    advice: 'Gehen Sie zu Ihrem Konto und versuchen Sie es von dort aus noch einmal.',
  },
  unknown_host: {
    heading: 'Falsche Adresse',
    advice: 'Unter dieser Adresse ist der Dienst nicht verfügbar. Verwenden Sie seine öffentliche Adresse.',
  },
  foreign_origin: {
    heading: 'Diese Anfrage kam von einer anderen Website',
    advice:
      'Zum Schutz Ihres Kontos nehmen wir keine Formulare anderer Websites an. Öffnen Sie diese Seite selbst und versuchen Sie es noch einmal.',
  },
  unauthenticated: {
    heading: 'Sie sind nicht angemeldet',
    advice: 'Melden Sie sich an und versuchen Sie es noch einmal.',
  },
  cookies_differ: {
    heading: 'Melden Sie sich noch einmal an',
    advice:
      'Ihr Browser hat das Cookie, das Sie anmeldet, nicht oder mehrfach gesendet. Die übrigen haben wir gelöscht. Melden Sie sich noch einmal an. Wenn das öfter geschieht, löschen Sie die Cookies dieser Website.',
  },
  too_many_attempts: {
    heading: 'Zu viele Versuche',
    advice: 'Versuchen Sie es später noch einmal.',
  },
  provider_failed: {
    heading: 'Beim anderen Anbieter ist etwas schiefgegangen',
    advice:
      'Er hat nicht geantwortet, oder seine Antwort war nicht brauchbar. Versuchen Sie es später noch einmal, oder melden Sie sich anders an.',
  },
  provider_refused: {
    heading: 'Die Anmeldung wurde nicht abgeschlossen',
    advice:
      'Sie wurde beim anderen Anbieter abgebrochen oder abgelehnt. Versuchen Sie es noch einmal, oder melden Sie sich anders an.',
  },
  login_flow_required: {
    heading: 'Diese Anmeldung ist nicht mehr gültig',
    advice:
      'Sie wurde bereits verwendet, hat zu lange gedauert oder wurde in einem anderen Browser begonnen. Beginnen Sie noch einmal. Wenn das wieder geschieht, erlauben Sie Cookies für diese Website.',
  },
  sign_in_refused: {
    heading: 'Sie können sich bei diesem Konto nicht anmelden',
    advice: 'Wenden Sie sich an den Betreiber dieses Dienstes.',
  },
  identity_taken: {
    heading: 'Bereits mit einem anderen Konto verbunden',
    advice:
      'Ihr Konto beim anderen Anbieter ist hier schon mit einem anderen Konto verbunden. Melden Sie sich bei diesem an, und trennen Sie zuerst die Verbindung. Es hat sich nichts geändert.',
  },
  registration_closed: {
    heading: 'Sie haben hier kein Konto',
    advice:
      'Hier können keine neuen Konten erstellt werden. Wenden Sie sich an den Betreiber dieses Dienstes.',
  },
  password_compromised: {
    heading: 'Setzen Sie zuerst Ihr Passwort zurück',
    advice:
      'Andere kennen möglicherweise das Passwort dieses Kontos. Setzen Sie es per E-Mail zurück, und melden Sie sich dann noch einmal an.',
  },
  unavailable: {
    heading: 'Vorübergehend nicht verfügbar',
    advice: 'Der Dienst ist ausgelastet oder startet gerade neu. Versuchen Sie es gleich noch einmal.',
  },
  bad_request: {
    heading: 'Wir konnten diese Anfrage nicht verstehen',
    advice: 'Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.',
  },
  internal_error: {
    heading: 'Etwas ist schiefgegangen',
    advice:
      'Es liegt nicht an Ihnen. Versuchen Sie es später noch einmal. Wenn es wieder geschieht, nennen Sie den Betreibern dieses Dienstes diese Nummer:',
  },
  reference: 'Vorgangsnummer {id}',
  // The time is in the accusative: "in {time}" would need the dative, "2 Tagen".
  wait: 'Warten Sie {time} und versuchen Sie es dann noch einmal.',
  toAccount: 'Zu Ihrem Konto',
}
