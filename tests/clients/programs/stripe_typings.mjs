// Compares events with the typings of the stripe package: reads {"events": [event, …]} on stdin and
// writes {"faults": {"<type>: <path>: <what>": count}} on stdout.
import ts from 'typescript'

const chunks = []
for await (const chunk of process.stdin) chunks.push(chunk)
const { events } = JSON.parse(Buffer.concat(chunks).toString())

const FILE = `${process.cwd()}/typings-of-stripe.ts`
const SOURCE = `import Stripe from 'stripe'
export declare const event: Stripe.Event`
const options = {
  strict: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  types: [],
}
const host = ts.createCompilerHost(options)
const { fileExists, readFile } = host
host.fileExists = (name) => name === FILE || fileExists(name)
host.readFile = (name) => (name === FILE ? SOURCE : readFile(name))
const program = ts.createProgram([FILE], options, host)
const checker = program.getTypeChecker()
const source = program.getSourceFile(FILE)
const [symbol] = checker.getExportsOfModule(checker.getSymbolAtLocation(source))
const eventType = checker.getTypeOfSymbol(symbol)
if (!eventType.isUnion()) throw new Error('the typings have no union of events')

const faults = {}
let kind = ''
const fault = (path, what) => {
  const key = `${kind}: ${path}: ${what}`
  faults[key] = (faults[key] ?? 0) + 1
}

const parts = (type) => (type.isUnion() ? type.types : [type])
const is = (type, flag) => (type.flags & flag) !== 0
const propertyType = (type, name) => {
  const property = type.getProperty(name)
  return property && checker.getTypeOfSymbolAtLocation(property, source)
}
const literal = (type, name) => {
  const wanted = propertyType(type, name)
  return wanted?.isStringLiteral() ? wanted.value : undefined
}

// The typings' class Decimal is what the library makes of a string.
const isDecimal = (type) => checker.typeToString(type) === 'Decimal'

function fits(value, type) {
  if (is(type, ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return true
  if (value === null) return is(type, ts.TypeFlags.Null)
  if (typeof value === 'string') {
    if (type.isStringLiteral()) return type.value === value
    return is(type, ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral) || isDecimal(type)
  }
  if (typeof value === 'number') {
    return type.isNumberLiteral() ? type.value === value : is(type, ts.TypeFlags.Number)
  }
  if (typeof value === 'boolean') {
    if (!is(type, ts.TypeFlags.BooleanLiteral)) return is(type, ts.TypeFlags.Boolean)
    return checker.typeToString(type) === String(value)
  }
  if (!is(type, ts.TypeFlags.Object) || isDecimal(type)) return false
  if (Array.isArray(value)) return checker.isArrayType(type)
  const named = literal(type, 'object')
  return !checker.isArrayType(type) && (named === undefined || named === value.object)
}

function check(value, type, path) {
  const fitting = parts(type).filter((one) => fits(value, one))
  if (fitting.length === 0) {
    return fault(path, `${JSON.stringify(value)} is not ${checker.typeToString(type)}`)
  }
  if (value === null || typeof value !== 'object') return
  if (fitting.length > 1) return fault(path, `the typings leave open what it is`)
  const [wanted] = fitting
  if (Array.isArray(value)) {
    const [element] = checker.getTypeArguments(wanted)
    for (const one of value) check(one, element, `${path}[]`)
    return
  }
  checkMembers(value, wanted, path)
}

function checkMembers(value, type, path) {
  const index = type.getStringIndexType()
  for (const property of checker.getPropertiesOfType(type)) {
    const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0
    if (isOptional || property.name in value) continue
    const wanted = checker.typeToString(propertyType(type, property.name))
    fault(`${path}.${property.name}`, `is missing, a ${wanted}`)
  }
  for (const [name, member] of Object.entries(value)) {
    const wanted = propertyType(type, name) ?? index
    if (wanted === undefined) fault(`${path}.${name}`, 'is not in the typings')
    else check(member, wanted, `${path}.${name}`)
  }
}

for (const event of events) {
  kind = event.type
  const type = eventType.types.find((one) => literal(one, 'type') === kind)
  if (type === undefined) {
    fault('type', 'is not in the typings')
    continue
  }
  // What an update changed is of any depth; the object itself is what has all of its members.
  const { previous_attributes: _, ...data } = event.data
  checkMembers({ ...event, data }, type, 'event')
}
process.stdout.write(JSON.stringify({ faults }))
