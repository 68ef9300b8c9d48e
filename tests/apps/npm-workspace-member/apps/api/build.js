const fs = require("node:fs");

require("@shop/words");
fs.mkdirSync("dist", { recursive: true });
fs.copyFileSync("server.js", "dist/server.js");
