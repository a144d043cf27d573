import type * as english from '../en/profile.ts'

/** The page of the profile, and the fields that the application adds to it and to the sign-up page. */
export const profile: typeof english.profile = {
  heading: 'Profil',
  asked: 'Bevor es weitergeht, füllen Sie bitte die fehlenden Felder aus.',
  name: 'Name',
  locale: 'Sprache',
  localeHint: 'Die Sprache unserer E-Mails an Sie.',
  noLocale: 'Keine Angabe',
  submit: 'Speichern',
  done: {
    saved: 'Ihr Profil wurde gespeichert.',
  },
  problems: {
    name: {
      invalid_field: 'Geben Sie Ihren Namen in einer Zeile mit höchstens 200 Zeichen ein.',
    },
    locale: {
      invalid_field: 'Wählen Sie eine der Sprachen.',
    },
    form: {
      too_many_attempts: 'Sie haben Ihr Profil sehr oft geändert. Versuchen Sie es in {time} noch einmal.',
    },
  },
}

export const userFields: typeof english.userFields = {
  optional: '{label} (freiwillig)',
  choose: 'Bitte wählen…',
  problems: {
    missing: 'Füllen Sie dieses Feld aus: {label}.',
    missingChoice: 'Wählen Sie eine Antwort: {label}.',
    missingTick: 'Setzen Sie dieses Häkchen: {label}.',
    invalidText: 'Prüfen Sie dieses Feld: {label}. Geben Sie eine Zeile mit höchstens {max} Zeichen ein.',
    invalidNumber: 'Geben Sie eine Zahl ein, zum Beispiel 12 oder 1.5: {label}.',
    invalid: 'Prüfen Sie dieses Feld: {label}.',
    refused:
      'Ein Teil dieser Angaben wurde nicht angenommen. Prüfen Sie die Felder. Wenn Sie den Fehler nicht finden, wenden Sie sich an die Betreiber dieses Dienstes.',
  },
}
