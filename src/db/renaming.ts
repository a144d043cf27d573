/** A Kysely dialect whose tables have other names than the code uses: see `naming.ts`. */
import {
  type CreateIndexNode,
  type DefaultQueryCompiler,
  type Dialect,
  IdentifierNode,
  type QueryCompiler,
  type SchemableIdentifierNode,
  type TableMetadata,
  type UniqueConstraintNode,
} from 'kysely'
import { schemasOf } from './dialect.ts'
import { isPlain, type Naming, prefixedBy } from './naming.ts'

/**
 * A dialect whose tables are named like this.
 *
 * @param names - The plain names of all tables. A name that equals one of them, or begins with one of them or with
 *   `bienvenue` and an underscore, is ours. An alias must not.
 */
export function withNaming(dialect: Dialect, naming: Naming, names: readonly string[]): Dialect {
  const ourNames = ['bienvenue', ...names]
  const isOurs = (name: string) => ourNames.some((own) => name === own || name.startsWith(`${own}_`))
  const { tablePrefix } = naming
  /** Those that a plain name means: of several of the same name, the one in the first schema. */
  const ours = (tables: readonly TableMetadata[], schemas: readonly (string | undefined)[]) => {
    const found = new Map<string, TableMetadata>()
    for (const schema of schemas) {
      for (const table of tables.filter((each) => each.schema === schema)) {
        const name = table.name.slice(tablePrefix.length)
        const isNamedLikeOurs = tablePrefix === '' || (table.name.startsWith(tablePrefix) && isOurs(name))
        if (isNamedLikeOurs && !found.has(name)) found.set(name, { ...table, name })
      }
    }
    return [...found.values()]
  }
  return {
    createAdapter: () => Object.assign(dialect.createAdapter(), { naming }),
    createDriver: () => dialect.createDriver(),
    createQueryCompiler: () => {
      const compiler = dialect.createQueryCompiler()
      return isPlain(naming) ? compiler : renaming(compiler, naming, isOurs)
    },
    createIntrospector: (db) => {
      const introspector = dialect.createIntrospector(db)
      return {
        getSchemas: () => introspector.getSchemas(),
        getTables: async (options) => ours(await introspector.getTables(options), await schemasOf(db)),
      }
    },
  }
}

function renaming(compiler: QueryCompiler, naming: Naming, isOurs: (name: string) => boolean): QueryCompiler {
  // biome-ignore lint/suspicious/noExplicitAny: a mixin class must have this constructor.
  const Base = compiler.constructor as new (...args: any[]) => DefaultQueryCompiler
  const renamed = ({ name }: IdentifierNode) => IdentifierNode.create(prefixedBy(naming, name))
  const ourSchema = naming.databaseSchema !== '' && { schema: IdentifierNode.create(naming.databaseSchema) }
  class Renaming extends Base {
    protected override visitSchemableIdentifier(node: SchemableIdentifierNode): void {
      const { identifier, schema } = node
      const isPlainName = schema === undefined && isOurs(identifier.name)
      super.visitSchemableIdentifier(
        isPlainName ? { ...node, ...ourSchema, identifier: renamed(identifier) } : node,
      )
    }

    // PostgreSQL creates an index in the schema of its table, and refuses a schema in its name.
    protected override visitCreateIndex(node: CreateIndexNode): void {
      super.visitCreateIndex({ ...node, name: renamed(node.name) })
    }

    // The constraint names its index.
    protected override visitUniqueConstraint(node: UniqueConstraintNode): void {
      super.visitUniqueConstraint({ ...node, ...(node.name && { name: renamed(node.name) }) })
    }
  }
  return new Renaming()
}
