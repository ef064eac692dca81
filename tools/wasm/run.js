// Runs the program of a WebAssembly module, which gets nothing from outside:
//
//   node tools/wasm/run.js MODULE
"use strict";

// A panic is a trap, and which function's it was is told by the stack alone.
Error.stackTraceLimit = 50;

const { readFileSync } = require("node:fs");

const compiled = new WebAssembly.Module(readFileSync(process.argv[2]));
const imports = WebAssembly.Module.imports(compiled).map(({ module, name }) => `${module}.${name}`);
if (imports.length > 0) {
    throw new Error(`the module wants ${imports.join(", ")}`);
}
new WebAssembly.Instance(compiled).exports.main(0, 0);
console.log("the codecs have done their work");
