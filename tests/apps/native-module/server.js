const { compareSync, hashSync } = require("bcrypt");
const { createServer } = require("node:http");

const hash = hashSync("secret", 4);
createServer((request, response) => response.end(`matches: ${compareSync("secret", hash)}`)).listen(process.env.PORT);
