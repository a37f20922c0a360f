// Compiles a project as `tsc -p .` does, and besides names every expression of the kit whose type is `any`.

const ts = require("typescript");

const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
const program = ts.createProgram(fileNames, options);
const checker = program.getTypeChecker();
const found = ts.getPreEmitDiagnostics(program).map((one) => {
  const place = one.file ? `${one.file.fileName}:${one.file.getLineAndCharacterOfPosition(one.start).line + 1}: ` : "";
  return place + ts.flattenDiagnosticMessageText(one.messageText, "\n");
});

for (const file of program.getSourceFiles()) {
  if (!fileNames.includes(file.fileName)) continue;
  const look = (node) => {
    // What a cast turns into something is no `any` any more; what is imported may be no value.
    if (ts.isAsExpression(node) || ts.isImportDeclaration(node)) return;
    const isValue = ts.isIdentifier(node) || ts.isAwaitExpression(node);
    if (isValue && checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${file.fileName}:${line + 1}: ${node.getText()} is any`);
    }
    ts.forEachChild(node, look);
  };
  look(file);
}
process.stdout.write(found.map((one) => `${one}\n`).join(""));
process.exitCode = found.length ? 1 : 0;
