import type { errors as english } from '../en/errors.ts'

const WRONG_PASSWORD = 'Ce n’est pas le mot de passe de votre compte. Vérifiez-le et réessayez.'

export const errors: typeof english = {
  newPassword: {
    missing_field: 'Saisissez un nouveau mot de passe.',
    invalid_field:
      'Ce mot de passe contient des caractères qui ne peuvent pas être utilisés. Choisissez-en un autre.',
    password_too_short: 'Utilisez au moins {min_length} caractères.',
    password_too_long:
      'Utilisez au plus {max_bytes} caractères. Les lettres accentuées et les émojis comptent pour plusieurs.',
    password_too_common: 'Ce mot de passe est facile à deviner. Choisissez-en un moins courant.',
    password_breached:
      'Ce mot de passe a été divulgué lors d’une fuite de données d’un autre service. Choisissez-en un autre.',
    password_guessable:
      'Ce mot de passe ressemble trop à votre adresse e-mail ou au nom de ce service. Choisissez-en un autre.',
  },
  currentPassword: {
    missing_field: 'Saisissez le mot de passe de votre compte.',
    invalid_field: WRONG_PASSWORD,
    invalid_credentials: WRONG_PASSWORD,
    password_too_long: WRONG_PASSWORD,
  },
  request: {
    too_many_attempts: 'Il y a eu trop de tentatives. Réessayez plus tard.',
    too_many_attempts_until: 'Il y a eu trop de tentatives. Réessayez dans {time}.',
    unavailable: 'Le service est momentanément indisponible. Réessayez dans un instant.',
    no_answer: 'Le service est injoignable. Vérifiez votre connexion et réessayez.',
    internal_error: 'Une erreur s’est produite. Réessayez plus tard.',
  },
}
