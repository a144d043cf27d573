/** The pages that set a new password with a mailed code, and the sentences about codes on the pages that mailed links open. */
import type * as english from '../en/recovery.ts'

const WRONG_CODE = 'Este código es incorrecto o ha caducado. Revíselo o solicite uno nuevo.'

export const recovery: typeof english.recovery = {
  heading: 'Restablezca su contraseña',
  ask: 'Introduzca el correo electrónico de su cuenta. Le enviaremos un código y un enlace.',
  askForLink: 'Introduzca el correo electrónico de su cuenta. Le enviaremos un enlace.',
  submit: 'Enviar el mensaje',
  signIn: 'Volver al inicio de sesión',
  problems: {
    email: {
      missing_field: 'Introduzca su correo electrónico.',
      invalid_field: 'Introduzca un correo electrónico válido, como nombre@example.com.',
    },
  },
}

export const recoveryCode: typeof english.recoveryCode = {
  heading: 'Elija una contraseña nueva',
  enter:
    'Si existe una cuenta con esta dirección, le llegará un mensaje. Introduzca el código que contiene y elija una contraseña nueva. Tiene {time} para hacerlo.',
  anyDevice: 'También puede abrir el enlace del mensaje, en cualquier dispositivo.',
  linkHeading: 'Revise su correo',
  linkOnly:
    'Si existe una cuenta con esta dirección, le llegará un mensaje. Abra el enlace que contiene, en cualquier dispositivo, para elegir una contraseña nueva.',
  otherBrowser:
    'Un código solo funciona en el navegador en el que lo solicitó. Solicite uno nuevo aquí o abra el enlace del mensaje en cualquier dispositivo.',
  cookiesRefused: 'Si acaba de solicitar uno aquí, permita las cookies de este sitio y solicite otro.',
  submit: 'Guardar la contraseña',
  noEmail: '¿No ha recibido nada? Mire primero en la carpeta de correo no deseado.',
  again: 'Solicitar un mensaje nuevo',
  problems: {
    code: {
      missing_field: 'Introduzca el código del mensaje.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
  },
}

export const behindLink: typeof english.behindLink = {
  signIn: 'Iniciar sesión',
  useCode: 'También puede introducir el código del mensaje en el navegador en el que lo solicitó:',
  confirmAccount: 'Confirmar una cuenta nueva',
  confirmAddress: 'Confirmar una nueva dirección de correo electrónico',
  resetPassword: 'Elegir una contraseña nueva',
}
