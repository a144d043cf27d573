/** The pages that create an account and confirm its address. */
import type * as english from '../en/sign-up.ts'
import { signIn } from './sign-in.ts'

const WRONG_CODE = 'Este código es incorrecto o ha caducado. Revíselo o solicite uno nuevo.'
const WRONG_PASSWORD = 'Esta no es la contraseña de la cuenta. Revísela e introduzca de nuevo el código.'

export const signUp: typeof english.signUp = {
  heading: 'Crear una cuenta',
  submit: 'Crear la cuenta',
  haveAccount: '¿Ya tiene una cuenta?',
  signIn: 'Iniciar sesión',
  agreement: 'Al crear una cuenta, acepta las {link}.',
  terms: 'condiciones de uso',
  privacy: 'Nuestra {link} explica cómo usamos sus datos.',
  privacyPolicy: 'política de privacidad',
  problems: {
    email: {
      missing_field: 'Introduzca su correo electrónico.',
      invalid_field: 'Introduzca un correo electrónico válido, como nombre@example.com.',
      invalid_email: 'Introduzca un correo electrónico válido, como nombre@example.com.',
      email_taken: 'Ya existe una cuenta con esta dirección. Inicie sesión o use otra dirección.',
    },
    form: {
      refused_by_application:
        'Este registro se ha rechazado. Si cree que se trata de un error, diríjase a quienes gestionan este servicio.',
    },
  },
}

export const confirmCode: typeof english.confirmCode = {
  heading: 'Confirme su dirección de correo electrónico',
  enter: 'Busque nuestro mensaje en su correo. Tiene {time} para introducir el código que contiene.',
  anyDevice: 'También puede abrir el enlace del mensaje, en cualquier dispositivo.',
  linkOnly:
    'Busque nuestro mensaje en su correo. Abra el enlace que contiene, en cualquier dispositivo, para confirmar su dirección. Después, inicie sesión.',
  otherBrowser:
    'Un código solo funciona en el navegador en el que lo solicitó. Solicite uno nuevo aquí o abra el enlace del mensaje en cualquier dispositivo.',
  cookiesRefused: 'Si acaba de solicitar uno aquí, permita las cookies de este sitio y solicite otro.',
  submit: 'Confirmar dirección',
  sent: 'Si una cuenta con esta dirección está pendiente de confirmar, le llegará un mensaje nuevo.',
  passwordHint: 'Es necesaria porque la cuenta no se creó en este navegador.',
  noEmail: '¿No ha recibido nada?',
  resendHint: 'Mire primero en la carpeta de correo no deseado. Un código nuevo sustituye al anterior.',
  resendLinkHint: 'Mire primero en la carpeta de correo no deseado.',
  send: 'Enviar un código',
  resend: 'Enviar un código nuevo',
  resendLink: 'Enviar un enlace nuevo',
  resendHeading: 'Enviar un mensaje nuevo',
  back: 'Volver al código',
  problems: {
    code: {
      missing_field: 'Introduzca el código del mensaje.',
      invalid_field: WRONG_CODE,
      invalid_code: WRONG_CODE,
    },
    password: {
      missing_field:
        'La cuenta no se creó en este navegador. Introduzca también su contraseña y, de nuevo, el código.',
      invalid_field: WRONG_PASSWORD,
      invalid_credentials: WRONG_PASSWORD,
      password_too_long: WRONG_PASSWORD,
    },
    form: signIn.problems.form,
  },
}
