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
  too_many_attempts: {
    heading: 'Zu viele Versuche',
    advice: 'Versuchen Sie es später noch einmal.',
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
