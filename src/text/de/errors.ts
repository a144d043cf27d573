import type { errors as english } from '../en/errors.ts'

const WRONG_PASSWORD =
  'Das ist nicht das Passwort Ihres Kontos. Prüfen Sie es und versuchen Sie es noch einmal.'

export const errors: typeof english = {
  newPassword: {
    missing_field: 'Geben Sie ein neues Passwort ein.',
    invalid_field: 'Dieses Passwort enthält Zeichen, die nicht erlaubt sind. Wählen Sie ein anderes.',
    password_too_short: 'Verwenden Sie mindestens {min_length} Zeichen.',
    password_too_long:
      'Verwenden Sie höchstens {max_bytes} Zeichen. Umlaute, Buchstaben mit Akzent und Emojis zählen mehrfach.',
    password_too_common: 'Dieses Passwort ist leicht zu erraten. Wählen Sie ein weniger gebräuchliches.',
    password_breached:
      'Dieses Passwort ist durch ein Datenleck bei einem anderen Dienst bekannt geworden. Wählen Sie ein anderes.',
    password_guessable:
      'Dieses Passwort ähnelt Ihrer E-Mail-Adresse oder dem Namen dieses Dienstes zu sehr. Wählen Sie ein anderes.',
  },
  currentPassword: {
    missing_field: 'Geben Sie das Passwort Ihres Kontos ein.',
    invalid_field: WRONG_PASSWORD,
    invalid_credentials: WRONG_PASSWORD,
    password_too_long: WRONG_PASSWORD,
  },
  request: {
    too_many_attempts: 'Zu viele Versuche. Versuchen Sie es später noch einmal.',
    // The time is in the accusative: "in {time}" would need the dative, "2 Tagen".
    too_many_attempts_until: 'Zu viele Versuche. Warten Sie {time} und versuchen Sie es dann noch einmal.',
    unavailable: 'Der Dienst ist vorübergehend nicht verfügbar. Versuchen Sie es gleich noch einmal.',
    no_answer:
      'Der Dienst ist nicht erreichbar. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.',
    internal_error: 'Es ist ein Fehler aufgetreten. Versuchen Sie es später noch einmal.',
  },
}
