import type * as english from '../en/notices.ts'
import { onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'Si fue usted, no tiene que hacer nada.'

const changePassword = (service: string, ...first: string[]) =>
  `Si no fue usted, otra persona tiene acceso a su cuenta. Entre de inmediato en ${service}, ${[...first, 'cambie la contraseña'].join(', ')} y cierre la sesión en todos los demás dispositivos.`

const noLink = (service: string) =>
  `Este mensaje no incluye ningún enlace, de forma intencionada. Abra ${service} en su navegador como de costumbre.`

const advice = (service: string, ...first: string[]) => [
  IT_WAS_YOU,
  changePassword(service, ...first),
  noLink(service),
]

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Fecha y hora: ${time}`,
  ...(device === null ? [] : [`Dispositivo: ${device}`]),
  ...(ip === null ? [] : [`Dirección IP: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Nombre: ${name}`])

export const notices: typeof english.notices = {
  email_change_requested: (service, newEmail) => ({
    subject: `Nueva dirección de correo electrónico para su cuenta de ${service}`,
    heading: 'Se ha solicitado una nueva dirección',
    before: [
      `Alguien, probablemente usted, ha pedido que la dirección de correo electrónico de su cuenta de ${service} pase a ser ${newEmail}. El cambio se hará efectivo cuando se confirme la nueva dirección.`,
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
    after: advice(service),
  }),
  signed_in_after_failures: (service, signIn, failures) => ({
    subject: `Inicio de sesión en su cuenta de ${service} tras intentos fallidos`,
    heading: 'Inicio de sesión tras intentos fallidos',
    before: [
      `Alguien inició sesión en su cuenta de ${service} tras ${failures} ${failures === 1 ? 'intento fallido' : 'intentos fallidos'}.`,
    ],
    facts: factsOf(signIn),
    after: advice(service),
  }),
  passkey_added: (service, name) => ({
    subject: `Se ha añadido una llave de acceso a su cuenta de ${service}`,
    heading: 'Llave de acceso añadida',
    before: [
      `Se ha añadido una llave de acceso a su cuenta de ${service}. Ya se puede usar para iniciar sesión.`,
    ],
    facts: nameFact(name),
    after: advice(service, 'elimine la llave de acceso'),
  }),
  passkey_removed: (service, name) => ({
    subject: `Se ha eliminado una llave de acceso de su cuenta de ${service}`,
    heading: 'Llave de acceso eliminada',
    before: [
      `Se ha eliminado una llave de acceso de su cuenta de ${service}. Ya no se puede usar para iniciar sesión.`,
    ],
    facts: nameFact(name),
    after: advice(service),
  }),
  passkey_refused: (service, name) => ({
    subject: `Se ha rechazado una llave de acceso de su cuenta de ${service}`,
    heading: 'Llave de acceso rechazada',
    before: [
      `Se ha rechazado una llave de acceso de su cuenta de ${service} porque puede haber sido copiada: su contador no ha aumentado. Nadie ha iniciado sesión con ella. Elimine esta llave de acceso y añada una nueva.`,
    ],
    facts: nameFact(name),
    after: advice(service),
  }),
  identity_connected: (service, name) => ({
    subject: `Su cuenta de ${service} se ha vinculado a otro proveedor`,
    heading: 'Cuenta vinculada',
    before: [
      `Se ha vinculado una cuenta de otro proveedor a su cuenta de ${service}. Ya se puede usar para iniciar sesión.`,
    ],
    facts: [`Proveedor: ${name}`],
    after: advice(service, 'desvincúlela'),
  }),
  identity_disconnected: (service, name) => ({
    subject: `Su cuenta de ${service} se ha desvinculado de otro proveedor`,
    heading: 'Cuenta desvinculada',
    before: [
      `Se ha desvinculado una cuenta de otro proveedor de su cuenta de ${service}. Ya no se puede usar para iniciar sesión.`,
    ],
    facts: [`Proveedor: ${name}`],
    after: advice(service),
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
    after: advice(service),
  }),
  second_factor_disabled: (service) => ({
    subject: `Se ha desactivado el segundo factor de su cuenta de ${service}`,
    heading: 'Segundo factor desactivado',
    before: [
      `Se ha desactivado el segundo factor de su cuenta de ${service}. Ahora basta la contraseña para iniciar sesión.`,
    ],
    after: advice(service, 'vuelva a activar el segundo factor'),
  }),
  recovery_codes_renewed: (service) => ({
    subject: `Nuevos códigos de recuperación para su cuenta de ${service}`,
    heading: 'Nuevos códigos de recuperación',
    before: [
      `Se han creado diez códigos de recuperación nuevos para su cuenta de ${service}. Los anteriores ya no funcionan.`,
    ],
    after: advice(service, 'cree códigos de recuperación nuevos'),
  }),
  recovery_code_used: (service) => ({
    subject: `Inicio de sesión en su cuenta de ${service} con un código de recuperación`,
    heading: 'Inicio de sesión con un código de recuperación',
    before: [
      `Alguien inició sesión en su cuenta de ${service} con un código de recuperación en lugar del segundo factor. Ese código ya no funciona. Lo sustituye uno nuevo, que se mostró después de iniciar sesión.`,
    ],
    after: advice(service, 'cree códigos de recuperación nuevos'),
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
}

/** The activity of an account, by audit action. */
export const activity: typeof english.activity = {
  heading: 'Actividad',
  explain: 'La actividad reciente de su cuenta. Si no reconoce algo, cambie la contraseña.',
  older: 'Actividad anterior',
  newer: 'Actividad más reciente',
  other: 'Otra actividad',
  done: {
    register: 'Cuenta creada',
    request_confirmation: 'Mensaje de confirmación solicitado',
    confirm_email: 'Dirección de correo electrónico confirmada',
    login: 'Sesión iniciada',
    logout: 'Sesión cerrada',
    end_session: 'Sesión cerrada en otro dispositivo',
    end_other_sessions: 'Sesión cerrada en todos los demás dispositivos',
    reauthenticate: 'Identidad confirmada',
    request_password_reset: 'Restablecimiento de la contraseña solicitado',
    reset_password: 'Contraseña restablecida',
    change_password: 'Contraseña cambiada',
    request_email_change: 'Cambio de la dirección de correo electrónico solicitado',
    change_email: 'Dirección de correo electrónico cambiada',
    update_profile: 'Perfil modificado',
    export_account: 'Datos descargados',
    begin_sign_in: 'Contraseña introducida y segundo factor solicitado',
    link_identity: 'Cuenta de otro proveedor vinculada',
    unlink_identity: 'Cuenta de otro proveedor desvinculada',
    logout_at_provider: 'Sesión cerrada en otro proveedor',
    add_factor: 'Segundo factor o llave de acceso añadido',
    remove_factor: 'Segundo factor o llave de acceso eliminado',
    rename_passkey: 'Llave de acceso renombrada',
    renew_recovery_codes: 'Nuevos códigos de recuperación creados',
    enable_second_factor: 'Segundo factor activado',
    disable_second_factor: 'Segundo factor desactivado',
    use_passkey: 'Llave de acceso aceptada, aunque ha cambiado su estado de copia de seguridad',
  },
  refused: {
    register: 'Alguien intentó crear una cuenta con su dirección de correo electrónico',
    confirm_email: 'Intento fallido de confirmar su dirección de correo electrónico',
    login: 'Intento fallido de iniciar sesión',
    limit_reached: 'Demasiados intentos: los siguientes se bloquearon durante un tiempo',
    reauthenticate: 'Intento fallido de confirmar la contraseña',
    reset_password: 'Intento fallido de restablecer la contraseña',
    change_password: 'Intento fallido de cambiar la contraseña',
    change_email: 'Intento fallido de confirmar una nueva dirección de correo electrónico',
    give_up_mail: 'No se le pudo entregar un mensaje de correo',
    prove_second_factor: 'Código incorrecto o ya usado',
    use_passkey: 'Se ha rechazado una llave de acceso',
  },
  byOperator: {
    register: 'Un administrador creó su cuenta',
    request_confirmation: 'Un administrador volvió a enviar el mensaje de confirmación',
    confirm_email: 'Un administrador confirmó su dirección de correo electrónico',
    login: 'Sesión iniciada a través de una aplicación',
    end_all_sessions: 'Un administrador cerró su sesión en todos los dispositivos',
    request_password_reset: 'Un administrador le envió un mensaje para restablecer la contraseña',
    request_email_change:
      'Un administrador solicitó una nueva dirección de correo electrónico para su cuenta',
    change_email: 'Un administrador cambió su dirección de correo electrónico',
    update_profile: 'Un administrador modificó su perfil',
    disable_account: 'Un administrador desactivó su cuenta',
    enable_account: 'Un administrador volvió a activar su cuenta',
    unlock_account: 'Un administrador borró los intentos fallidos de iniciar sesión',
    mark_password_compromised: 'Un administrador indicó que su contraseña ya no es segura',
    remove_factor:
      'Un administrador ha eliminado un segundo factor, una llave de acceso o códigos de recuperación',
    disable_second_factor: 'Un administrador ha desactivado el segundo factor',
    require_second_factor: 'Un administrador le ha impuesto un segundo factor',
    waive_second_factor: 'Un administrador ya no le impone un segundo factor',
  },
}
