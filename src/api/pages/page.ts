import type { Contract } from '../contract.ts'

/** Declares a page. @param given - `description`: what the page has. */
export function page<const Given extends Omit<Contract, 'method' | 'tag' | 'success'>>({
  description,
  ...given
}: Given & Pick<Contract['success'], 'description'>) {
  return { ...given, method: 'GET', tag: 'page', success: { status: 200, description, page: true } } as const
}

/** Declares a form of a page. */
export function form<const Given extends Omit<Contract, 'method' | 'tag'>>(given: Given) {
  return { ...given, method: 'POST', tag: 'page', summary: `${given.summary} (page form)` as string } as const
}
