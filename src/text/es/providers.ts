import type * as english from '../en/providers.ts'

export const providers: typeof english.providers = {
  continueWith: 'Continuar con {provider}',
  leadingOn: {
    heading: 'Un momento',
    explain: 'Se le está redirigiendo a {provider}.',
    go: 'Continuar a {provider}',
  },
  exists: {
    heading: 'Ya tiene una cuenta',
    explain:
      'Ya existe una cuenta con la dirección {email}. Inicie sesión en ella como siempre. Después podrá vincular {provider}.',
    signIn: 'Iniciar sesión',
  },
  connect: {
    heading: '¿Vincular {provider}?',
    explain:
      'Ha iniciado sesión como {account}. Si vincula su cuenta de {provider} ({email}), podrá iniciar sesión con ella a partir de ahora.',
    explainWithoutEmail:
      'Ha iniciado sesión como {account}. Si vincula su cuenta de {provider}, podrá iniciar sesión con ella a partir de ahora.',
    submit: 'Vincular {provider}',
    cancel: 'Ahora no',
  },
  address: {
    heading: 'Introduzca su dirección de correo',
    explain:
      '{provider} no nos ha facilitado ninguna dirección de correo confirmada. Introduzca la de su nueva cuenta.',
    submit: 'Crear cuenta',
  },
  problems: {
    email: {
      missing_field: 'Introduzca su dirección de correo.',
      invalid_email: 'Introduzca una dirección de correo válida, como nombre@example.com.',
      email_taken:
        'Ya existe una cuenta con esta dirección. Inicie sesión en ella y vincule allí el proveedor.',
    },
    form: {
      identity_taken:
        'Su cuenta del otro proveedor ya está vinculada aquí a otra cuenta. Inicie sesión en esa cuenta y desvincúlela primero.',
      last_way_in:
        'Es su única forma de iniciar sesión. Primero establezca una contraseña o añada una llave de acceso.',
      registration_closed: 'Aquí no se pueden crear cuentas nuevas.',
      refused_by_application:
        'La solicitud se ha rechazado. Póngase en contacto con los responsables de este servicio.',
    },
  },
  own: {
    heading: 'Cuentas vinculadas',
    explain: 'Puede iniciar sesión con una cuenta que tenga en otro proveedor.',
    connectedOn: 'Vinculada el {date}',
    lastUsed: 'Usada por última vez el {date}',
    notConnected: 'No vinculada',
    connect: 'Vincular',
    connectTo: 'Vincular {provider}',
    disconnect: 'Desvincular',
    disconnectFrom: 'Desvincular {provider}',
    done: {
      connected: 'La cuenta está vinculada.',
      disconnected: 'La cuenta está desvinculada. Se ha cerrado su sesión en todos los demás dispositivos.',
      already_disconnected: 'Esta cuenta ya estaba desvinculada.',
    },
  },
}
