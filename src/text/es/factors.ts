import type * as english from '../en/factors.ts'

/** Shared by all pages with passkeys. */
export const passkeys: typeof english.passkeys = {
  explain:
    'Con una llave de acceso inicia sesión con su huella, su cara o el PIN de su dispositivo. Nadie puede adivinarla y los sitios falsos no pueden robarla.',
  signIn: 'Iniciar sesión con una llave de acceso',
  or: 'o',
  use: 'Usar la llave de acceso',
  add: 'Añadir una llave de acceso',
  addKey: 'Añadir una llave de seguridad',
  failed: 'No ha funcionado. Inténtelo de nuevo o elija otra forma.',
  known: 'Este dispositivo ya tiene una llave de acceso para su cuenta.',
  noScript: 'Las llaves de acceso necesitan JavaScript. Active JavaScript y vuelva a cargar la página.',
  problems: {
    form: {
      missing_field: 'Su dispositivo no ha respondido. Inténtelo de nuevo.',
      invalid_field: 'Su dispositivo ha enviado una respuesta que no podemos leer. Inténtelo de nuevo.',
      invalid_passkey: 'Esta llave de acceso no se ha aceptado. Inténtelo de nuevo o elija otra forma.',
      unknown_passkey:
        'Esta llave de acceso no pertenece aquí a ninguna cuenta. Es posible que se haya eliminado. Elija otra forma.',
      user_verification_required:
        'Esta llave no ha comprobado que es usted, así que solo sirve como segundo paso. Inicie sesión primero con su contraseña.',
      passkey_known: 'Esta llave de acceso ya se ha añadido.',
      too_many_passkeys: 'Su cuenta no puede tener más llaves de acceso. Elimine primero una.',
      refused_by_application:
        'Este inicio de sesión se ha rechazado. Diríjase a quienes gestionan este servicio.',
    },
  },
}

/** The page for the second factor of a sign-in. The page on which users prove again who they are shares some of it. */
export const secondStep: typeof english.secondStep = {
  heading: 'Un paso más',
  signingIn: 'Está iniciando sesión como {email}.',
  ask: {
    passkey: 'Use una llave de acceso o una llave de seguridad de su cuenta.',
    totp: 'Introduzca el código que muestra ahora su aplicación de autenticación.',
    recovery_code:
      'Introduzca uno de sus códigos de recuperación. Solo sirve una vez y uno nuevo lo sustituirá.',
  },
  none: 'Nada de lo que ha configurado como segundo factor funciona en este momento. Diríjase a quienes gestionan este servicio.',
  code: 'Código de la aplicación',
  codeHint: 'Seis cifras, con o sin espacio.',
  recoveryCode: 'Código de recuperación',
  recoveryCodeHint: 'Dos grupos de siete caracteres, como 37KQ2M9-XTPA4B1.',
  submit: 'Continuar',
  otherWays: 'Otra forma',
  other: {
    passkey: 'Usar una llave de acceso',
    totp: 'Usar la aplicación de autenticación',
    recovery_code: 'Usar un código de recuperación',
    password: 'Usar la contraseña',
    provider: 'Usar otro proveedor',
  },
  cancel: 'Cancelar',
  expired: 'Su inicio de sesión ha tardado demasiado y ha caducado. Inicie sesión de nuevo.',
  otherSignIn: 'Ese formulario era de otro inicio de sesión. Continúe abajo con el actual.',
  problems: {
    code: {
      missing_field: 'Introduzca el código que muestra la aplicación.',
      invalid_field: 'El código tiene seis cifras. Introduzca el que muestra ahora la aplicación.',
      invalid_code: 'Este código es incorrecto o ya se ha usado. Espere al siguiente e introdúzcalo.',
    },
    recovery_code: {
      missing_field: 'Introduzca un código de recuperación.',
      invalid_field: 'Esto no es un código de recuperación. Revíselo e introdúzcalo completo.',
      invalid_code: 'Este código es incorrecto o ya se ha usado. Pruebe con otro.',
    },
    form: {
      refused_by_application:
        'Este inicio de sesión se ha rechazado. Diríjase a quienes gestionan este servicio.',
    },
  },
}

/** The page that sets up the second factor that a sign-in requires. */
export const enrolment: typeof english.enrolment = {
  heading: 'Configure un segundo factor',
  why: 'Su cuenta necesita un segundo factor. Con él, una contraseña robada no basta para iniciar sesión. Solo se configura una vez.',
  passkeyHeading: 'Con una llave de acceso',
  appHeading: 'Con una aplicación de autenticación',
  appExplain: 'La aplicación muestra en su teléfono un código, que usted introduce al iniciar sesión.',
  app: 'Configurar una aplicación',
  back: 'Elegir otra forma',
}

/** Setting up an authenticator app. */
export const appSetup: typeof english.appSetup = {
  heading: 'Configurar una aplicación de autenticación',
  scan: 'Escanee este código QR con la aplicación de autenticación de su teléfono.',
  qrName: 'Código QR con la clave para la aplicación',
  key: 'Si no puede escanearlo, escriba esta clave en la aplicación:',
  open: 'Abrir en una aplicación de este dispositivo',
  enter: 'Después, introduzca el código que muestra la aplicación.',
  replaces: 'Su aplicación actual funcionará hasta que confirme la nueva.',
  submit: 'Confirmar',
  problems: {
    code: {
      missing_field: 'Introduzca el código que muestra la aplicación.',
      invalid_field: 'El código tiene seis cifras. Introduzca el que muestra ahora la aplicación.',
      invalid_code:
        'Este código es incorrecto. Compruebe que la aplicación tiene la clave de esta página y que la hora de su teléfono es correcta.',
    },
    form: {
      refused_by_application:
        'Este inicio de sesión se ha rechazado. Diríjase a quienes gestionan este servicio.',
    },
  },
}

/** The pages that show recovery codes. */
export const recoveryCodes: typeof english.recoveryCodes = {
  heading: 'Sus códigos de recuperación',
  explain:
    'Con uno de estos códigos puede iniciar sesión si pierde su segundo factor. Cada uno sirve una sola vez. Guárdelos en un gestor de contraseñas o en papel, en un lugar seguro.',
  once: 'No se volverán a mostrar.',
  copy: 'Copiar',
  copied: 'Copiado',
  print: 'Imprimir',
  save: 'Descargar',
  kept: 'Los he guardado',
  newHeading: 'Su nuevo código de recuperación',
  newExplain:
    'El código que acaba de usar ya no funciona. Este lo sustituye. Guárdelo: no se volverá a mostrar.',
  left: 'Códigos de recuperación restantes: {count}',
  newKept: 'Lo he guardado',
}

/** The page of the account with the passkeys. */
export const ownPasskeys: typeof english.ownPasskeys = {
  heading: 'Llaves de acceso',
  securityKey:
    'Una llave de seguridad se usa después de la contraseña. Por sí sola no permite iniciar sesión.',
  none: 'Todavía no tiene llaves de acceso.',
  provider: 'Guardada en',
  kind: 'Tipo',
  synced: 'Sincronizada con sus otros dispositivos',
  oneDevice: 'En un solo dispositivo',
  onlySecond: 'Llave de seguridad para el segundo paso',
  added: 'Añadida',
  lastUsed: 'Último uso',
  never: 'Nunca',
  unusable: 'Pertenece a otra dirección de este servicio y no funciona aquí.',
  rename: 'Cambiar el nombre',
  renameNamed: 'Cambiar el nombre: {name}',
  name: 'Nombre',
  save: 'Guardar',
  remove: 'Eliminar',
  removeNamed: 'Eliminar: {name}',
  done: {
    added: 'La llave de acceso se ha añadido.',
    renamed: 'Se ha cambiado el nombre de la llave de acceso.',
    removed: 'La llave de acceso se ha eliminado.',
    already_removed: 'Esta llave de acceso ya se había eliminado.',
  },
  problems: {
    name: {
      missing_field: 'Introduzca un nombre para la llave de acceso.',
      invalid_field: 'Use de 1 a 64 caracteres visibles.',
    },
    form: {
      last_way_in:
        'Esta llave de acceso es su única forma de iniciar sesión. Primero establezca una contraseña o añada otra llave de acceso.',
      last_factor: 'Este es su último segundo factor, y su cuenta debe tener uno. Añada primero otro.',
    },
  },
}

/** The page of the account with the second factor. */
export const ownFactors: typeof english.ownFactors = {
  heading: 'Segundo factor',
  explain: 'Con un segundo factor, una contraseña robada no basta para iniciar sesión.',
  on: 'El segundo factor está activado: después de la contraseña pedimos un código o una llave de acceso.',
  off: 'El segundo factor está desactivado: basta su contraseña para iniciar sesión.',
  policyOff: 'Este servicio no usa segundos factores.',
  required: 'Su cuenta debe tener un segundo factor, así que no puede desactivarlo.',
  turnOn: 'Activar',
  turnOff: 'Desactivar',
  none: 'Para activarlo, configure una aplicación de autenticación o añada una llave de acceso.',
  appHeading: 'Aplicación de autenticación',
  appNone: 'No hay ninguna aplicación configurada.',
  appSince: 'Configurada el',
  appDisabled: 'Esta aplicación se ha desactivado por demasiados códigos incorrectos. Configúrela de nuevo.',
  setUp: 'Configurar una aplicación',
  replace: 'Configurar otra aplicación',
  removeApp: 'Quitar la aplicación',
  passkeysHeading: 'Llaves de acceso',
  passkeys: 'Sus llaves de acceso: {count}',
  managePasskeys: 'Gestionar las llaves de acceso',
  codesHeading: 'Códigos de recuperación',
  codesExplain: 'Le permiten entrar si pierde su segundo factor.',
  renew: 'Crear códigos nuevos',
  renewExplain: 'Los códigos nuevos sustituyen a los actuales.',
  done: {
    on: 'El segundo factor está ahora activado.',
    off: 'El segundo factor está ahora desactivado.',
    renewed: 'Tiene códigos de recuperación nuevos. Los anteriores ya no funcionan.',
    app_added: 'La aplicación de autenticación se ha configurado.',
    app_removed: 'La aplicación de autenticación se ha quitado.',
    app_already_removed: 'La aplicación de autenticación ya se había quitado.',
  },
  problems: {
    form: {
      no_second_factor:
        'No tiene ningún segundo factor. Configure primero una aplicación de autenticación o añada una llave de acceso.',
      last_factor: 'Este es su último segundo factor, y su cuenta debe tener uno. Añada primero otro.',
    },
  },
}
