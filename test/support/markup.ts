/** Reads the markup of a page as a browser does, and checks what every page must have. */
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5'

/** An element with its ancestors. */
export interface Element {
  readonly tag: string
  readonly attributes: ReadonlyMap<string, string>
  /** All text inside. */
  readonly text: string
  /** From the nearest to the root. */
  readonly ancestors: readonly Element[]
}

/** Every element in document order, as a browser without script reads it, and the errors of the parser. */
export function readMarkup(html: string): { elements: readonly Element[]; errors: readonly string[] } {
  const errors: string[] = []
  const document = parse(html, {
    scriptingEnabled: false,
    sourceCodeLocationInfo: true,
    onParseError: ({ code }) => void errors.push(code),
  })
  const closed = closedIn(document)
  // The parser corrects wrong nesting silently.
  if (closed.some((isClosed) => !isClosed)) errors.push('an element stays open')
  if (html.match(/<\/[a-z]/gi)?.length !== closed.length) errors.push('an end tag closes nothing')
  return { elements: elementsIn(document, []), errors }
}

const VOID = new Set(['meta', 'link', 'input', 'img', 'br', 'hr'])

/** Whether each element that needs an end tag has one. */
function closedIn(parent: Tree.ParentNode): boolean[] {
  return parent.childNodes.flatMap((node) => {
    if (!('tagName' in node)) return []
    const { startTag, endTag } = node.sourceCodeLocation ?? {}
    const isImplied = startTag === undefined
    const needsNone = VOID.has(node.tagName) || (node.namespaceURI.endsWith('svg') && endTag === undefined)
    return [
      ...(isImplied || needsNone ? [] : [endTag !== undefined]),
      ...closedIn('content' in node ? node.content : node),
    ]
  })
}

function elementsIn(parent: Tree.ParentNode, ancestors: readonly Element[]): Element[] {
  return parent.childNodes.flatMap((node) => {
    if (!('tagName' in node)) return []
    const element: Element = {
      tag: node.tagName,
      attributes: new Map(node.attrs.map(({ name, value }) => [name, value])),
      text: textIn(node),
      ancestors,
    }
    const children = 'content' in node ? node.content : node
    return [element, ...elementsIn(children, [element, ...ancestors])]
  })
}

function textIn(node: Tree.Node): string {
  if ('value' in node) return node.value
  return 'childNodes' in node ? node.childNodes.map(textIn).join('') : ''
}

/** The value of an attribute; empty if it is missing. */
export function attributeOf({ attributes }: Element, name: string): string {
  return attributes.get(name) ?? ''
}

/** The problems of a page's markup. */
export function problemsIn(html: string): string[] {
  const { elements, errors } = readMarkup(html)
  const page = { elements, ids: elements.flatMap(({ attributes }) => attributes.get('id') ?? []) }
  return [
    ...errors.map((code) => `is not well-formed: ${code}`),
    ...[frame, references, names, code, fields, forms].flatMap((problems) => problems(page)),
  ]
}

interface Markup {
  readonly elements: readonly Element[]
  readonly ids: readonly string[]
}

const isHidden = (element: Element) =>
  [element, ...element.ancestors].some(
    ({ tag, attributes }) => attributes.has('hidden') || tag === 'template',
  )
const isForPrograms = ({ attributes }: Element) =>
  attributes.get('aria-hidden') === 'true' || attributes.get('type') === 'hidden'

/** The document around the content. */
function frame({ elements }: Markup): string[] {
  const visible = elements.filter((element) => !isHidden(element))
  const count = (tag: string) => visible.filter((element) => element.tag === tag).length
  const [root] = elements
  const landmarks = visible.filter(({ ancestors }) => ancestors[0]?.tag === 'body').map(({ tag }) => tag)
  const robots = elements.find((element) => attributeOf(element, 'name') === 'robots')
  const [first] = visible.filter(({ tag, attributes }) => tag === 'a' && attributes.has('href'))
  return [
    ...(/^[a-z]{2}$/.test(root === undefined ? '' : attributeOf(root, 'lang')) ? [] : ['has no language']),
    ...(elements.find(({ tag }) => tag === 'title')?.text.trim() ? [] : ['has no title']),
    ...(robots !== undefined && attributeOf(robots, 'content') === 'noindex' ? [] : ['may be indexed']),
    ...(count('h1') === 1 ? [] : [`has ${count('h1')} headings of level 1`]),
    ...['header', 'main', 'footer'].flatMap((tag) =>
      landmarks.filter((each) => each === tag).length === 1 ? [] : [`has not one ${tag}`],
    ),
    ...landmarks
      .filter((tag) => !['a', 'header', 'nav', 'main', 'footer'].includes(tag))
      .map((tag) => `has <${tag}> outside of landmarks`),
    ...(first !== undefined && attributeOf(first, 'href') === '#main' ? [] : ['has no skip link']),
  ]
}

/** Ids are unique, and references to ids find them. */
function references({ elements, ids }: Markup): string[] {
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index)
  const dangling = elements.flatMap((element) =>
    ['for', 'aria-describedby', 'aria-labelledby', 'aria-controls', 'data-length-of']
      .flatMap((name) => attributeOf(element, name).split(' '))
      .concat(attributeOf(element, 'href').startsWith('#') ? attributeOf(element, 'href').slice(1) : '')
      .filter((id) => id !== '' && !ids.includes(id)),
  )
  return [
    ...twice.map((id) => `has the id ${id} twice`),
    ...dangling.map((id) => `refers to ${id}, which does not exist`),
  ]
}

/** Every control has a name. */
function names({ elements }: Markup): string[] {
  const labels = elements.filter(({ tag }) => tag === 'label')
  return elements.flatMap((element) => {
    const { tag, text, attributes } = element
    if (tag === 'input' && !isForPrograms(element)) {
      const label = labels.filter((each) => attributeOf(each, 'for') === attributeOf(element, 'id'))
      return label.length === 1 && label[0]?.text.trim()
        ? []
        : [`has no label for ${attributeOf(element, 'name')}`]
    }
    if (tag === 'img') return attributes.has('alt') ? [] : ['has an image without alternative text']
    if (tag === 'nav') return attributes.get('aria-label') ? [] : ['has a navigation without a name']
    if (tag !== 'a' && tag !== 'button') return []
    return text.trim() || attributeOf(element, 'aria-label') ? [] : [`has <${tag}> without a name`]
  })
}

/** A path or fragment of ours, or a link that the authenticator app of this device opens. */
const LOCAL = /^(?:\/(?!\/)[^\\]*|#[\w.-]+|otpauth:\/\/totp\/[^\\]*)$/

/** Code and styles are only in our files, and no URL is foreign. */
function code({ elements }: Markup): string[] {
  return elements.flatMap(({ tag, text, attributes }) => [
    ...(tag === 'style' || (tag === 'script' && (text !== '' || attributes.get('type') !== 'module'))
      ? [`has an inline ${tag}`]
      : []),
    ...(['base', 'iframe', 'object', 'embed'].includes(tag) ? [`has <${tag}>`] : []),
    ...[...attributes].flatMap(([name, value]) => {
      if (name === 'style' || name.startsWith('on')) return [`has the attribute ${name}`]
      if (!['href', 'src', 'action', 'formaction', 'srcset', 'ping', 'poster', 'data'].includes(name))
        return []
      return LOCAL.test(value) ? [] : [`leads to ${value}`]
    }),
  ])
}

const AUTOCOMPLETE: Readonly<Record<string, RegExp>> = {
  email: /^(?:username(?: webauthn)?|email)$/,
  password: /^(?:current-password(?: webauthn)?|new-password)$/,
  new_password: /^new-password$/,
  code: /^one-time-code$/,
}

/** Password managers, paste and autofill work. */
function fields({ elements }: Markup): string[] {
  return elements
    .filter((element) => element.tag === 'input' && !isForPrograms(element))
    .flatMap((element) => {
      const name = attributeOf(element, 'name')
      const [type, autocomplete] = [attributeOf(element, 'type'), attributeOf(element, 'autocomplete')]
      return [
        ...(AUTOCOMPLETE[name]?.test(autocomplete) === false
          ? [`has ${name} with autocomplete="${autocomplete}"`]
          : []),
        ...(element.attributes.has('maxlength') ? [`cuts off ${name}`] : []),
        ...(name.endsWith('password') && type !== 'password' ? [`shows ${name} while it is typed`] : []),
        ...(type === 'password' && attributeOf(element, 'value') !== '' ? [`sends ${name} back`] : []),
        ...(name === 'code' && attributeOf(element, 'inputmode') !== 'numeric'
          ? ['has a code without digits']
          : []),
      ]
    })
}

/** The passkey script shows and submits these forms. They have no submit button, which could not be pressed again after a cancelled dialog. */
export const isForPasskeys = ({ tag, attributes }: Element) =>
  tag === 'form' && attributes.has('data-passkey') && attributes.has('hidden')

/** A form works without script: the service finds the problems, and the first button submits. */
function forms({ elements }: Markup): string[] {
  return elements
    .filter(({ tag }) => tag === 'form')
    .flatMap((form) => {
      const id = attributeOf(form, 'id')
      const buttons = elements.filter(
        (element) =>
          element.tag === 'button' &&
          (element.ancestors.includes(form) || (id !== '' && attributeOf(element, 'form') === id)),
      )
      const [submit] = buttons.filter((button) => attributeOf(button, 'type') === 'submit')
      const required = elements.some(
        ({ attributes, ancestors }) => ancestors.includes(form) && attributes.has('required'),
      )
      return [
        ...(attributeOf(form, 'method') === 'post' ? [] : ['has a form that is not posted']),
        ...(form.attributes.has('novalidate') || !required ? [] : ['has a form that browsers validate']),
        ...(buttons.some((button) => !button.attributes.has('type')) ? ['has a button without a type'] : []),
        ...(submit === undefined && !isForPasskeys(form) ? ['has a form without a button'] : []),
      ]
    })
}
