import type { refusals as english } from '../en/refusals.ts'

/** Pages for requests that are refused, by the code of the error. */
export const refusals: typeof english = {
  not_found: {
    heading: 'Esta página no existe',
    advice: 'Revise la dirección, o vaya a su cuenta.',
  },
  method_not_allowed: {
    heading: 'Esta página no se puede usar así',
    advice: 'Vaya a su cuenta e inténtelo desde allí.',
  },
  unknown_host: {
    heading: 'Dirección equivocada',
    advice: 'Este servicio no responde con este nombre. Use su dirección pública.',
  },
  foreign_origin: {
    heading: 'Esto venía de otro sitio',
    advice:
      'Para proteger su cuenta, se rechazan los formularios de otros sitios. Abra usted esta página e inténtelo de nuevo.',
  },
  unauthenticated: {
    heading: 'No ha iniciado sesión',
    advice: 'Inicie sesión e inténtelo de nuevo.',
  },
  too_many_attempts: {
    heading: 'Demasiados intentos',
    advice: 'Inténtelo más tarde.',
  },
  unavailable: {
    heading: 'No disponible por el momento',
    advice: 'El servicio está ocupado o se está reiniciando. Inténtelo de nuevo en un momento.',
  },
  bad_request: {
    heading: 'Su navegador ha enviado algo que no entendemos',
    advice: 'Vuelva atrás, cargue la página de nuevo e inténtelo otra vez.',
  },
  internal_error: {
    heading: 'Algo ha fallado',
    advice:
      'No es culpa suya. Inténtelo más tarde. Si vuelve a ocurrir, dígaselo a quienes gestionan este servicio:',
  },
  reference: 'Referencia {id}',
  wait: 'Inténtelo de nuevo dentro de {time}.',
  toAccount: 'Ir a su cuenta',
}
