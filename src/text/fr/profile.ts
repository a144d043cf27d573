import type * as english from '../en/profile.ts'

/** The page of the profile, and the fields that the application adds to it and to the sign-up page. */
export const profile: typeof english.profile = {
  heading: 'Profil',
  asked: 'Avant de continuer, veuillez remplir les champs manquants.',
  name: 'Nom',
  locale: 'Langue',
  localeHint: 'La langue des e-mails que nous vous envoyons.',
  noLocale: 'Sans préférence',
  submit: 'Enregistrer',
  done: {
    saved: 'Votre profil a été enregistré.',
  },
  problems: {
    name: {
      invalid_field: 'Saisissez votre nom sur une ligne, avec au plus 200 caractères.',
    },
    locale: {
      invalid_field: 'Choisissez une des langues.',
    },
    form: {
      too_many_attempts: 'Vous avez modifié votre profil de nombreuses fois. Réessayez dans {time}.',
    },
  },
}

export const userFields: typeof english.userFields = {
  optional: '{label} (facultatif)',
  choose: 'Choisissez…',
  problems: {
    missing: 'Remplissez ce champ\u00a0: {label}.',
    missingChoice: 'Choisissez une réponse\u00a0: {label}.',
    missingTick: 'Cochez cette case\u00a0: {label}.',
    invalidText: 'Vérifiez ce champ\u00a0: {label}. Saisissez une ligne d’au plus {max} caractères.',
    invalidNumber: 'Saisissez un nombre, par exemple 12 ou 1.5\u00a0: {label}.',
    invalid: 'Vérifiez ce champ\u00a0: {label}.',
    refused:
      'Une partie de ces données n’a pas été acceptée. Vérifiez les champs. Si vous ne trouvez pas l’erreur, contactez les responsables de ce service.',
  },
}
