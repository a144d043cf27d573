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
  too_many_attempts: {
    heading: 'Demasiados intentos',
    advice: 'Inténtelo de nuevo más tarde.',
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
