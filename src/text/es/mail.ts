import type { MailTexts } from '../index.ts'
import { onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'Si fue usted, no tiene que hacer nada.'
const IGNORE = 'Si no fue usted, ignore este mensaje. No ocurrirá nada mientras no se confirme la dirección.'

const expiry = (duration: string) => `El enlace funciona una sola vez y es válido durante ${duration}.`

const changePassword = (service: string, ...first: string[]) =>
  `Si no fue usted, otra persona tiene acceso a su cuenta. Entre de inmediato en ${service}, ${[...first, 'cambie la contraseña'].join(', ')} y cierre la sesión en todos los demás dispositivos.`

const noLink = (service: string) =>
  `Este mensaje no incluye ningún enlace, de forma intencionada. Abra ${service} en su navegador como de costumbre.`

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Fecha y hora: ${time}`,
  ...(device === null ? [] : [`Dispositivo: ${device}`]),
  ...(ip === null ? [] : [`Dirección IP: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Nombre: ${name}`])

export const mail: MailTexts = {
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
  email_change_requested: (service, newEmail) => ({
    subject: `Nueva dirección de correo electrónico para su cuenta de ${service}`,
    heading: 'Se ha solicitado una nueva dirección',
    before: [
      `Alguien, probablemente usted, pidió que la dirección de correo electrónico de su cuenta de ${service} pase a ser ${newEmail}. El cambio se hará efectivo cuando se confirme la nueva dirección.`,
    ],
    after: [
      IT_WAS_YOU,
      `${changePassword(service)} Al cambiar la contraseña también se anula esta solicitud.`,
      noLink(service),
    ],
  }),
  email_changed: (service, newEmail) => ({
    subject: `La dirección de correo electrónico de su cuenta de ${service} ha cambiado`,
    heading: 'Su dirección de correo electrónico ha cambiado',
    before: [
      `La dirección de correo electrónico de su cuenta de ${service} es ahora ${newEmail}. La dirección en la que recibe este mensaje ya no está asociada a la cuenta.`,
    ],
    after: [
      IT_WAS_YOU,
      `Si no fue usted, otra persona se ha apoderado de su cuenta. Póngase en contacto de inmediato con los responsables de ${service}. Con esta dirección ya no puede restablecer la contraseña.`,
      noLink(service),
    ],
  }),
  password_changed: (service) => ({
    subject: `La contraseña de su cuenta de ${service} ha cambiado`,
    heading: 'Su contraseña ha cambiado',
    before: [`Se ha cambiado la contraseña de su cuenta de ${service}.`],
    after: [
      IT_WAS_YOU,
      `Si no fue usted, otra persona tiene acceso a su cuenta. Entre de inmediato en ${service}, indique que ha olvidado la contraseña, elija una nueva y cierre la sesión en todos los demás dispositivos.`,
      noLink(service),
    ],
  }),
  new_device: (service, signIns, count) => ({
    subject:
      count === 1
        ? `Inicio de sesión en su cuenta de ${service} desde un dispositivo nuevo`
        : `Inicios de sesión en su cuenta de ${service} desde dispositivos nuevos`,
    heading:
      count === 1
        ? 'Inicio de sesión desde un dispositivo nuevo'
        : 'Inicios de sesión desde dispositivos nuevos',
    before: [
      count === 1
        ? `Alguien inició sesión en su cuenta de ${service} desde un dispositivo nuevo.`
        : `Hubo ${count} inicios de sesión en su cuenta de ${service} desde dispositivos nuevos. ${signIns.length < count ? 'Los más recientes son:' : 'Son los siguientes:'}`,
    ],
    facts: count === 1 ? signIns.flatMap(factsOf) : signIns.map(onOneLine),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  signed_in_after_failures: (service, signIn, failures) => ({
    subject: `Inicio de sesión en su cuenta de ${service} tras intentos fallidos`,
    heading: 'Inicio de sesión tras intentos fallidos',
    before: [
      `Alguien inició sesión en su cuenta de ${service} tras ${failures} ${failures === 1 ? 'intento fallido' : 'intentos fallidos'}.`,
    ],
    facts: factsOf(signIn),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_added: (service, name) => ({
    subject: `Se ha añadido una llave de acceso a su cuenta de ${service}`,
    heading: 'Llave de acceso añadida',
    before: [
      `Se ha añadido una llave de acceso a su cuenta de ${service}. Ya se puede usar para iniciar sesión.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service, 'elimine la llave de acceso'), noLink(service)],
  }),
  passkey_removed: (service, name) => ({
    subject: `Se ha eliminado una llave de acceso de su cuenta de ${service}`,
    heading: 'Llave de acceso eliminada',
    before: [
      `Se ha eliminado una llave de acceso de su cuenta de ${service}. Ya no se puede usar para iniciar sesión.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_refused: (service, name) => ({
    subject: `Se ha rechazado una llave de acceso de su cuenta de ${service}`,
    heading: 'Llave de acceso rechazada',
    before: [
      `Se ha rechazado una llave de acceso de su cuenta de ${service} porque puede haber sido copiada: su contador no ha aumentado. Nadie ha iniciado sesión con ella. Elimine esta llave de acceso y añada una nueva.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  identity_connected: (service, name) => ({
    subject: `Su cuenta de ${service} se ha vinculado a otro proveedor`,
    heading: 'Cuenta vinculada',
    before: [
      `Se ha vinculado una cuenta de otro proveedor a su cuenta de ${service}. Ya se puede usar para iniciar sesión.`,
    ],
    facts: [`Proveedor: ${name}`],
    after: [IT_WAS_YOU, changePassword(service, 'desvincúlela'), noLink(service)],
  }),
  identity_disconnected: (service, name) => ({
    subject: `Su cuenta de ${service} se ha desvinculado de otro proveedor`,
    heading: 'Cuenta desvinculada',
    before: [
      `Se ha desvinculado una cuenta de otro proveedor de su cuenta de ${service}. Ya no se puede usar para iniciar sesión.`,
    ],
    facts: [`Proveedor: ${name}`],
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  totp_added: (service) => ({
    subject: `Se ha añadido una aplicación de autenticación a su cuenta de ${service}`,
    heading: 'Aplicación de autenticación añadida',
    before: [
      `Se ha añadido una aplicación de autenticación a su cuenta de ${service}. Al iniciar sesión, es posible que se le pida un código de esa aplicación.`,
    ],
    after: [
      IT_WAS_YOU,
      changePassword(service, 'quite la aplicación de su cuenta'),
      `Si ya no puede iniciar sesión, póngase en contacto con los responsables de ${service}.`,
      noLink(service),
    ],
  }),
  totp_removed: (service) => ({
    subject: `Se ha quitado la aplicación de autenticación de su cuenta de ${service}`,
    heading: 'Aplicación de autenticación quitada',
    before: [
      `Se ha quitado la aplicación de autenticación de su cuenta de ${service}. Los códigos de esa aplicación ya no funcionan.`,
    ],
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  second_factor_disabled: (service) => ({
    subject: `Se ha desactivado el segundo factor de su cuenta de ${service}`,
    heading: 'Segundo factor desactivado',
    before: [
      `Se ha desactivado el segundo factor de su cuenta de ${service}. Ahora basta la contraseña para iniciar sesión.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'vuelva a activar el segundo factor'), noLink(service)],
  }),
  recovery_codes_renewed: (service) => ({
    subject: `Nuevos códigos de recuperación para su cuenta de ${service}`,
    heading: 'Nuevos códigos de recuperación',
    before: [
      `Se han creado diez códigos de recuperación nuevos para su cuenta de ${service}. Los anteriores ya no funcionan.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'cree códigos de recuperación nuevos'), noLink(service)],
  }),
  recovery_code_used: (service) => ({
    subject: `Inicio de sesión en su cuenta de ${service} con un código de recuperación`,
    heading: 'Inicio de sesión con un código de recuperación',
    before: [
      `Alguien inició sesión en su cuenta de ${service} con un código de recuperación en lugar del segundo factor. Ese código ya no funciona. Lo sustituye uno nuevo, que se mostró después de iniciar sesión.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'cree códigos de recuperación nuevos'), noLink(service)],
  }),
  second_factor_failed: (service, signIn) => ({
    subject: `Inicio de sesión sin terminar en su cuenta de ${service}`,
    heading: 'Inicio de sesión sin terminar',
    before: [
      `Alguien introdujo la contraseña de su cuenta de ${service}, pero no terminó de iniciar sesión con el segundo factor.`,
    ],
    facts: factsOf(signIn),
    after: [
      IT_WAS_YOU,
      `Si no fue usted, otra persona conoce su contraseña. Entre de inmediato en ${service} y cámbiela.`,
      noLink(service),
    ],
  }),
  factors_revoked: (service) => ({
    subject: `Se han eliminado métodos de inicio de sesión de su cuenta de ${service}`,
    heading: 'Métodos de inicio de sesión eliminados',
    before: [
      `Los responsables de ${service} han eliminado de su cuenta uno o varios métodos de inicio de sesión: llaves de acceso, la aplicación de autenticación o códigos de recuperación.`,
    ],
    after: [
      `Si usted lo pidió, no tiene que hacer nada. Si no, póngase en contacto de inmediato con los responsables de ${service}.`,
      noLink(service),
    ],
  }),
  account_deleted: (service) => ({
    subject: `Su cuenta de ${service} se ha eliminado`,
    heading: 'Su cuenta se ha eliminado',
    before: [`Su cuenta de ${service} se ha eliminado. Ya no es posible iniciar sesión con ella.`],
    after: [
      IT_WAS_YOU,
      `Si no fue usted, póngase en contacto de inmediato con los responsables de ${service}.`,
      noLink(service),
    ],
  }),
  test: (service) => ({
    subject: `Mensaje de prueba de ${service}`,
    heading: 'Mensaje de prueba',
    before: [`Esto es una prueba. Si puede leer este mensaje, ${service} puede enviar correo electrónico.`],
    after: ['No tiene que hacer nada.'],
  }),
}
