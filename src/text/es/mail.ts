import type { mail as english } from '../en/mail.ts'

const IGNORE = 'Si no fue usted, ignore este mensaje. No ocurrirá nada mientras no se confirme la dirección.'

const expiry = (duration: string) => `El enlace funciona una sola vez y es válido durante ${duration}.`

export const mail: typeof english = {
  formats: 'es-ES',
  greeting: 'Hola:',
  support: 'Si necesita ayuda con su cuenta, póngase en contacto con {contact}.',
  copyLink: 'Si el botón no funciona, copie este enlace en su navegador:',
  enterCode: 'O introduzca este código donde lo solicitó:',
  codeExpiry: 'Solo funciona en ese navegador y es válido durante {duration}.',
  verify_email: (service, duration) => ({
    subject: `Confirme su dirección de correo electrónico para ${service}`,
    heading: 'Confirme su dirección de correo electrónico',
    before: [
      `Alguien, probablemente usted, creó una cuenta en ${service} con esta dirección. Confirme que la dirección es suya:`,
    ],
    action: 'Confirmar dirección',
    after: [expiry(duration), IGNORE],
  }),
  account_exists: (service, duration) => ({
    subject: `Ya tiene una cuenta en ${service}`,
    heading: 'Ya tiene una cuenta',
    before: [
      `Alguien intentó crear una cuenta en ${service} con esta dirección, pero usted ya tiene una.`,
      'Si fue usted, inicie sesión con su contraseña. Si no la recuerda, elija una nueva con este enlace:',
    ],
    action: 'Elegir una contraseña nueva',
    after: [expiry(duration), 'Si no fue usted, ignore este mensaje. Su cuenta no ha cambiado.'],
  }),
  reset_password: (service, duration) => ({
    subject: `Elija una contraseña nueva para ${service}`,
    heading: 'Elija una contraseña nueva',
    before: [
      `Alguien, probablemente usted, solicitó una contraseña nueva para su cuenta de ${service}. Elíjala con este enlace:`,
    ],
    action: 'Elegir una contraseña nueva',
    after: [expiry(duration), 'Si no fue usted, ignore este mensaje. Su contraseña no ha cambiado.'],
  }),
  set_password: (service, duration) => ({
    subject: `Elija una contraseña para su nueva cuenta de ${service}`,
    heading: 'Elija su contraseña',
    before: [
      `Se ha creado una cuenta para usted en ${service}. Elija una contraseña con este enlace para poder iniciar sesión:`,
    ],
    action: 'Elegir una contraseña',
    after: [
      `${expiry(duration)} Pasado ese plazo, entre en ${service} e indique que ha olvidado la contraseña para recibir otro enlace.`,
      'Si no esperaba este mensaje, ignórelo. Nadie puede iniciar sesión en la cuenta mientras no se elija una contraseña.',
    ],
  }),
  confirm_new_email: (service, duration) => ({
    subject: `Confirme su nueva dirección de correo electrónico para ${service}`,
    heading: 'Confirme su nueva dirección de correo electrónico',
    before: [
      `Alguien, probablemente usted, quiere usar esta dirección para una cuenta de ${service}. Confirme que la dirección es suya:`,
    ],
    action: 'Confirmar dirección',
    after: [expiry(duration), IGNORE],
  }),
  test: (service) => ({
    subject: `Mensaje de prueba de ${service}`,
    heading: 'Mensaje de prueba',
    before: [`Esto es una prueba. Si puede leer este mensaje, ${service} puede enviar correo electrónico.`],
    after: ['No tiene que hacer nada.'],
  }),
}
