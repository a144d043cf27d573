import type * as english from '../en/profile.ts'

/** The page of the profile, and the fields that the application adds to it and to the sign-up page. */
export const profile: typeof english.profile = {
  heading: 'Perfil',
  asked: 'Antes de continuar, complete lo que falta aquí.',
  name: 'Nombre',
  locale: 'Idioma',
  localeHint: 'El idioma de los correos que le enviamos.',
  noLocale: 'Sin preferencia',
  submit: 'Guardar',
  done: {
    saved: 'Su perfil se ha guardado.',
  },
  problems: {
    name: {
      invalid_field: 'Escriba su nombre en una línea, con un máximo de 200 caracteres.',
    },
    locale: {
      invalid_field: 'Elija uno de los idiomas.',
    },
    form: {
      too_many_attempts: 'Ha cambiado su perfil muchas veces. Vuelva a intentarlo en {time}.',
    },
  },
}

export const userFields: typeof english.userFields = {
  optional: '{label} (opcional)',
  choose: 'Elija…',
  problems: {
    missing: 'Rellene este campo: {label}.',
    missingChoice: 'Elija una respuesta: {label}.',
    missingTick: 'Marque esta casilla: {label}.',
    invalidText: 'Revise este campo: {label}. Escriba una línea con un máximo de {max} caracteres.',
    invalidNumber: 'Escriba un número, por ejemplo 12 o 1.5: {label}.',
    invalid: 'Revise este campo: {label}.',
    refused:
      'Una parte de estos datos no se ha aceptado. Revise los campos. Si no encuentra el error, póngase en contacto con los responsables de este servicio.',
  },
}
