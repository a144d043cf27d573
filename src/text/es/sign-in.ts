import type * as english from '../en/sign-in.ts'

/** The pages that start and end a session. */
export const signIn: typeof english.signIn = {
  heading: 'Iniciar sesión',
  remember: 'Mantener la sesión abierta en este dispositivo',
  submit: 'Iniciar sesión',
  forgot: '¿Ha olvidado su contraseña?',
  noAccount: '¿Todavía no tiene cuenta?',
  signUp: 'Crear una cuenta',
  cookiesRefused:
    'Su navegador no ha guardado la cookie que mantiene la sesión. Permita las cookies de este sitio e inicie sesión de nuevo.',
  passwordChanged: 'Su contraseña ha cambiado. Inicie sesión con la nueva.',
  problems: {
    email: {
      missing_field: 'Introduzca su correo electrónico.',
      invalid_field: 'Introduzca un correo electrónico válido, como nombre@example.com.',
    },
    password: {
      missing_field: 'Introduzca su contraseña.',
      invalid_field: 'El correo electrónico o la contraseña no son correctos.',
      password_too_long: 'El correo electrónico o la contraseña no son correctos.',
    },
    form: {
      invalid_credentials:
        'El correo electrónico o la contraseña no son correctos, o la cuenta no está activa. Revise ambos o restablezca la contraseña.',
      password_compromised:
        'Es posible que otras personas conozcan esta contraseña, así que ya no se puede usar. Restablézcala por correo electrónico.',
      refused_by_application:
        'Este inicio de sesión se ha rechazado. Diríjase a quienes gestionan este servicio.',
    },
  },
  invalidOrUnconfirmed:
    'El correo electrónico o la contraseña no son correctos, o la cuenta no está activa. Si todavía no ha confirmado su dirección, busque nuestro mensaje o solicite uno nuevo.',
  confirm: 'Confirmar la dirección de correo electrónico',
}

/** The page on which users prove again who they are. */
export const stepUp: typeof english.stepUp = {
  heading: 'Confirme que es usted',
  why: 'Introduzca su contraseña para continuar. Así su cuenta está protegida si otra persona usa su dispositivo.',
  whyTotp:
    'Introduzca el código que muestra ahora su aplicación de autenticación. Así su cuenta está protegida si otra persona usa su dispositivo.',
  whyPasskey:
    'Use una llave de acceso o una llave de seguridad de su cuenta. Así su cuenta está protegida si otra persona usa su dispositivo.',
  whyProvider:
    'Inicie sesión de nuevo en el proveedor. Así su cuenta está protegida si otra persona usa su dispositivo.',
  none: 'Cierre la sesión y vuelva a iniciarla. Así su cuenta está protegida si otra persona usa su dispositivo.',
  lost: 'Si no puede hacerlo ahora, cierre la sesión y vuelva a iniciarla de otra forma.',
  signOut: 'Cerrar sesión',
  submit: 'Continuar',
}

export const signOut: typeof english.signOut = {
  heading: '¿Cerrar sesión?',
  asked: 'Ha iniciado sesión como {email}.',
  submit: 'Cerrar sesión',
  stay: 'Seguir con la sesión abierta',
  notSignedIn: 'No ha iniciado sesión',
  signIn: 'Iniciar sesión',
}
