import type { account as english } from '../en/account.ts'

/** The pages of the account. */
export const account: typeof english = {
  navigation: {
    overview: 'Cuenta',
    email: 'Correo electrónico',
    password: 'Contraseña',
    passkeys: 'Llaves de acceso',
    factors: 'Segundo factor',
    identities: 'Cuentas vinculadas',
    sessions: 'Dispositivos',
    activity: 'Actividad',
    data: 'Sus datos',
  },
  overview: {
    heading: 'Su cuenta',
    email: 'Correo electrónico',
    name: 'Nombre',
    memberSince: 'Cuenta creada el',
    manage: 'Gestionar la cuenta',
    about: {
      email: 'Cambie la dirección con la que inicia sesión y a la que le escribimos.',
      password: 'Elija una contraseña nueva, por ejemplo si es posible que otra persona conozca la suya.',
      passkeys: 'Inicie sesión con su huella, su cara o un PIN en lugar de la contraseña.',
      factors: 'Proteja su cuenta con una aplicación de autenticación y guarde códigos de recuperación.',
      identities: 'Inicie sesión con una cuenta que tenga en otro proveedor.',
      sessions: 'Vea dónde ha iniciado sesión y ciérrela en otros dispositivos.',
      activity: 'Vea qué ha ocurrido en su cuenta y cuándo.',
      data: 'Descargue una copia de sus datos o elimine su cuenta.',
    },
    missing: {
      heading: 'Lo que falta',
      offerHeading: 'Iniciar sesión sin contraseña',
      offer: 'Añadir una llave de acceso',
      decline: 'Ahora no',
      /** The accessible name of the button. Begins with `decline`. */
      declineNamed: 'Ahora no: volver a preguntar en 30 días',
      noSecondWay:
        'Solo tiene una forma de entrar. Si la pierde, no podrá acceder a su cuenta. Añada una llave de acceso o configure una aplicación de autenticación.',
      addSecondWay: 'Añadir otra forma',
      codesLeft: 'Códigos de recuperación que le quedan: {count}',
      renewCodes: 'Crear códigos nuevos',
    },
  },
  email: {
    heading: 'Correo electrónico',
    current: 'Usted inicia sesión con {email}.',
    explain: 'Enviaremos un mensaje a la nueva dirección. Nada cambiará hasta que la confirme.',
    label: 'Nueva dirección de correo electrónico',
    submit: 'Enviar el mensaje',
    change: 'Cambiar la dirección',
    done: {
      changed:
        'Su dirección de correo electrónico ha cambiado. A partir de ahora, inicie sesión con la nueva.',
      mailed: 'Hemos enviado un enlace a la nueva dirección. Ábralo para confirmar el cambio.',
    },
    problems: {
      email: {
        missing_field: 'Introduzca la nueva dirección de correo electrónico.',
        invalid_field: 'Introduzca un correo electrónico válido, como nombre@example.com.',
        invalid_email: 'Introduzca un correo electrónico válido, como nombre@example.com.',
      },
    },
  },
  emailCode: {
    heading: 'Confirme la nueva dirección',
    sent: 'Hemos enviado un mensaje a la nueva dirección. Introduzca el código que contiene.',
    link: 'También puede abrir el enlace del mensaje, en cualquier dispositivo.',
    submit: 'Confirmar dirección',
    again: '¿No ha recibido nada? Mire en la carpeta de correo no deseado o vuelva a enviar el mensaje.',
    problems: {
      code: {
        missing_field: 'Introduzca el código del mensaje.',
        invalid_field: 'Este código es incorrecto o ha caducado. Revíselo o solicite uno nuevo.',
        invalid_code: 'Este código es incorrecto o ha caducado. Revíselo o solicite uno nuevo.',
      },
    },
  },
  password: {
    heading: 'Contraseña',
    explain: 'Al cambiar la contraseña se cierra su sesión en todos los demás dispositivos.',
    explainFirst:
      'Su cuenta aún no tiene contraseña. Con una, también podrá iniciar sesión sin otro proveedor.',
    current: 'Contraseña actual',
    submit: 'Cambiar la contraseña',
    submitFirst: 'Establecer la contraseña',
    done: {
      changed: 'Su contraseña ha cambiado. Se ha cerrado su sesión en todos los demás dispositivos.',
    },
  },
  sessions: {
    heading: 'Dispositivos',
    explain:
      'En estos dispositivos hay una sesión abierta en su cuenta. Si no reconoce alguno, cierre la sesión en él y cambie la contraseña.',
    current: 'Este dispositivo',
    firstUse: 'Inicio de sesión',
    lastUse: 'Último uso',
    ip: 'Dirección IP',
    end: 'Cerrar sesión',
    endNamed: 'Cerrar sesión: {device}',
    endOthers: 'Cerrar sesión en todos los demás dispositivos',
    newer: 'Dispositivos anteriores',
    older: 'Más dispositivos',
    only: 'No tiene la sesión abierta en ningún otro dispositivo.',
    stepUpFirst: 'Para cerrar sesión en otros dispositivos, confirme primero que es usted.',
    stepUp: 'Confirmar',
    done: {
      ended: 'Se ha cerrado la sesión en el dispositivo.',
      already_ended: 'La sesión en este dispositivo ya estaba cerrada.',
      others_ended: 'Se ha cerrado la sesión en todos los demás dispositivos.',
    },
    problems: {
      form: {
        missing_field: 'Elija el dispositivo en el que quiere cerrar la sesión.',
        invalid_field: 'Elija el dispositivo en el que quiere cerrar la sesión.',
      },
    },
  },
  device: {
    named: '{browser} en {system}',
    unknown: 'Dispositivo desconocido',
  },
  data: {
    heading: 'Sus datos',
    exportHeading: 'Descargar sus datos',
    exportExplain:
      'Un archivo JSON con su cuenta, sus dispositivos y su actividad. No contiene contraseñas, pero no lo comparta.',
    export: 'Descargar',
    deleteHeading: 'Eliminar su cuenta',
    deleted:
      'Esta acción no se puede deshacer. Eliminaremos su dirección de correo electrónico, su contraseña y su perfil. Se cerrará su sesión en todos los dispositivos, y los enlaces y códigos que le hemos enviado por correo dejarán de funcionar.',
    kept: 'Conservaremos durante {time} como máximo un registro de la actividad de su cuenta, sin su dirección de correo electrónico, sus direcciones IP ni sus dispositivos. Las copias de seguridad contienen sus datos hasta que se sustituyan.',
    confirmLabel: 'Su dirección de correo electrónico',
    confirmHint: 'Escriba {email} para confirmar.',
    delete: 'Eliminar la cuenta',
    problems: {
      email: {
        missing_field: 'Introduzca la dirección de correo electrónico de su cuenta.',
        invalid_field: 'Esta no es la dirección de correo electrónico de su cuenta.',
      },
      form: {
        too_many_attempts: 'Ha descargado sus datos varias veces. Inténtelo de nuevo dentro de {time}.',
      },
    },
  },
  deleted: {
    heading: 'Su cuenta se ha eliminado',
    explain: 'Le hemos enviado un último mensaje para confirmarlo. Gracias por haber estado con nosotros.',
    explainWithoutMail: 'Gracias por haber estado con nosotros.',
    signUp: 'Crear una cuenta nueva',
  },
}
