import type { errors as english } from '../en/errors.ts'

const WRONG_PASSWORD = 'Esta no es la contraseña de su cuenta. Revísela e inténtelo de nuevo.'

export const errors: typeof english = {
  newPassword: {
    missing_field: 'Introduzca una contraseña nueva.',
    invalid_field: 'Esta contraseña contiene caracteres que no están permitidos. Elija otra.',
    password_too_short: 'Use al menos {min_length} caracteres.',
    password_too_long:
      'Use como máximo {max_bytes} caracteres. Las letras con tilde y los emojis cuentan como varios.',
    password_too_common: 'Esta contraseña es fácil de adivinar. Elija una menos común.',
    password_breached: 'Esta contraseña apareció en una filtración de datos de otro servicio. Elija otra.',
    password_guessable:
      'Esta contraseña se parece demasiado a su dirección de correo electrónico o al nombre de este servicio. Elija otra.',
  },
  currentPassword: {
    missing_field: 'Introduzca la contraseña de su cuenta.',
    invalid_field: WRONG_PASSWORD,
    invalid_credentials: WRONG_PASSWORD,
    password_too_long: WRONG_PASSWORD,
  },
  request: {
    too_many_attempts: 'Ha habido demasiados intentos. Inténtelo de nuevo más tarde.',
    too_many_attempts_until: 'Ha habido demasiados intentos. Inténtelo de nuevo dentro de {time}.',
    unavailable: 'El servicio no está disponible por el momento. Inténtelo de nuevo en unos instantes.',
    no_answer: 'No se puede acceder al servicio. Compruebe su conexión e inténtelo de nuevo.',
    internal_error: 'Se ha producido un error. Inténtelo de nuevo más tarde.',
  },
}
