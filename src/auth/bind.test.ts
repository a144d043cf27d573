import { API, SignatureKind, type Type } from 'typescript/unstable/sync'
import { expect, it, onTestFinished } from 'vitest'

it('keeps the doc comment of every use case, so that editors show it', () => {
  const compiler = new API()
  onTestFinished(() => compiler.close())
  const [project = expect.unreachable()] = compiler
    .updateSnapshot({ openProject: 'tsconfig.build.json' })
    .getProjects()
  const { checker, program } = project
  const file = program.getSourceFile('src/auth/service.ts') ?? expect.unreachable()
  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(file) ?? expect.unreachable())
  const service = exports.find(({ name }) => name === 'AuthService') ?? expect.unreachable()

  const documented: string[] = []
  const undocumented: string[] = []
  function visit(type: Type, path: string): void {
    for (const member of checker.getPropertiesOfType(type)) {
      const name = `${path}${member.name}`
      const isDocumented = checker.getDocumentationCommentOfSymbol(member) !== ''
      const memberType = checker.getTypeOfSymbol(member) ?? expect.unreachable(name)
      const isUseCase = checker.getSignaturesOfType(memberType, SignatureKind.Call).length > 0
      if (isUseCase) (isDocumented ? documented : undocumented).push(name)
      // A topic has no comment of its own, unlike `options` and `mailer`.
      else if (!isDocumented || name === 'db') visit(memberType, `${name}.`)
    }
  }
  visit(checker.getDeclaredTypeOfSymbol(service), '')
  expect(undocumented).toEqual([])
  expect(documented).toEqual(expect.arrayContaining(['account.delete', 'db.addUser', 'registerUser']))
})
