const { mkdirSync, writeFileSync } = require("node:fs");

mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.js", 'exports.greeting = "hello from a workspace";\n');
