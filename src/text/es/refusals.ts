import type { refusals as english } from '../en/refusals.ts'

/** Pages for requests that are refused, by the code of the error. */
export const refusals: typeof english = {
  not_found: {
    heading: 'Esta página no existe',
    advice: 'Revise la dirección o vaya a su cuenta.',
  },
  method_not_allowed: {
    heading: 'Esta página no se puede usar así',
    advice: 'Vaya a su cuenta e inténtelo de nuevo desde allí.',
  },
  unknown_host: {
    heading: 'Dirección equivocada',
    advice: 'El servicio no está disponible en esta dirección. Use su dirección pública.',
  },
  foreign_origin: {
    heading: 'Esta solicitud procede de otro sitio',
    advice:
      'Para proteger su cuenta, no aceptamos formularios de otros sitios. Abra esta página directamente e inténtelo de nuevo.',
  },
  unauthenticated: {
    heading: 'No ha iniciado sesión',
    advice: 'Inicie sesión e inténtelo de nuevo.',
  },
  cookies_differ: {
    heading: 'Inicie sesión de nuevo',
    advice:
      'Su navegador no envió la cookie que inicia su sesión, o envió varias. Hemos borrado las demás. Inicie sesión de nuevo. Si vuelve a ocurrir, elimine las cookies de este sitio.',
  },
  too_many_attempts: {
    heading: 'Demasiados intentos',
    advice: 'Inténtelo de nuevo más tarde.',
  },
  provider_failed: {
    heading: 'Algo ha fallado en el otro proveedor',
    advice:
      'No ha respondido o su respuesta no se puede usar. Inténtelo de nuevo más tarde o inicie sesión de otra forma.',
  },
  provider_refused: {
    heading: 'El inicio de sesión no se ha completado',
    advice: 'Se canceló o se rechazó en el otro proveedor. Inténtelo de nuevo o inicie sesión de otra forma.',
  },
  login_flow_required: {
    heading: 'Este inicio de sesión ya no es válido',
    advice:
      'Ya se ha usado, tardó demasiado o se inició en otro navegador. Empiece de nuevo. Si vuelve a ocurrir, permita las cookies de este sitio.',
  },
  sign_in_refused: {
    heading: 'No puede iniciar sesión en esta cuenta',
    advice: 'Póngase en contacto con los responsables de este servicio.',
  },
  identity_taken: {
    heading: 'Ya está vinculada a otra cuenta',
    advice:
      'Su cuenta del otro proveedor ya está vinculada aquí a otra cuenta. Inicie sesión en esa cuenta y desvincúlela primero. No ha cambiado nada.',
  },
  registration_closed: {
    heading: 'No tiene ninguna cuenta aquí',
    advice: 'Aquí no se pueden crear cuentas nuevas. Consulte a los responsables de este servicio.',
  },
  password_compromised: {
    heading: 'Restablezca primero su contraseña',
    advice:
      'Es posible que otras personas conozcan la contraseña de esta cuenta. Restablézcala por correo y vuelva a iniciar sesión.',
  },
  unavailable: {
    heading: 'No disponible por el momento',
    advice: 'El servicio está ocupado o se está reiniciando. Inténtelo de nuevo en unos instantes.',
  },
  bad_request: {
    heading: 'No hemos podido entender esta solicitud',
    advice: 'Vuelva atrás, recargue la página e inténtelo de nuevo.',
  },
  internal_error: {
    heading: 'Algo ha fallado',
    advice:
      'No es culpa suya. Inténtelo de nuevo más tarde. Si vuelve a ocurrir, facilite esta referencia a quienes gestionan este servicio:',
  },
  reference: 'Referencia {id}',
  wait: 'Inténtelo de nuevo dentro de {time}.',
  toAccount: 'Ir a su cuenta',
}
